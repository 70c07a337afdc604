#include "server/admin/noted_refusals.hpp"

#include <fmt/format.h>

#include <string>

#include <signalbox/json_text.hpp>

#include "base/clock.hpp"

namespace signalbox::server::admin {
namespace {

/// The sentence of {"error": …}.
std::string error_in(std::string_view body) {
  const auto error = json_member(body, "error");
  return error ? json_string(*error).value_or("") : std::string();
}

}  // namespace

void note_worker(RecentRefusals& refusals, const net::Response& answer, WallTime now) {
  constexpr int kTooMany = 429;
  if (answer.status < 400 || answer.status >= 500 || answer.status == kTooMany) return;
  refusals.note("worker", fmt::format("{}: {}", answer.status, error_in(answer.body)), unix_ms(now));
}

void note_origin(RecentRefusals& refusals, std::string_view origin, WallTime now) {
  constexpr std::size_t kMostOrigin = 128;
  refusals.note("origin", fmt::format("{} is not in CORS_ORIGIN.", origin.substr(0, kMostOrigin)), unix_ms(now));
}

}  // namespace signalbox::server::admin
