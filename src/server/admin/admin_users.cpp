#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "base/json_write.hpp"
#include "base/query_string.hpp"
#include "server/admin/admin_page.hpp"
#include "server/answers.hpp"
#include "users/encode.hpp"

// What the admin page does with one user.
namespace signalbox::server::admin {
namespace {

net::Response bad_user() {
  return error_response(400, to_text(EmitError::invalid_user));
}

/// The user whom a query names by `id`, once: browsers take "." and ".." in a path for folders, however encoded.
/// Nothing: it can be nobody's.
std::optional<std::string> user_of(std::string_view query) {
  std::optional<std::string> user;
  for (QueryString parameters(query); !parameters.over();) {
    auto one = parameters.take();
    if (!one) return std::nullopt;
    if (one->name != "id") continue;
    if (user || !users::valid_user_id(one->value)) return std::nullopt;
    user = std::move(one->value);
  }
  return user;
}

/// Any text as one segment of a path.
std::string path_segment(std::string_view text) {
  std::string out;
  for (const char c : text) fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
  return out;
}

/// Does the query ask for it: data=1?
bool wants_data(std::string_view query) {
  QueryString parameters(query);
  bool wants = false;
  while (!parameters.over()) {
    const auto one = parameters.take();
    if (one && one->name == "data") wants = one->value == "1";
  }
  return wants;
}

/// The body of a POST /api/emit: {"event","data"} with that user before them. Nothing: it is no object.
std::optional<std::string> with_user(std::string_view event, std::string_view user) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = event.find_first_not_of(kBlanks);
  if (begin == event.npos || event[begin] != '{') return std::nullopt;
  std::string body = R"({"userId":)";
  append_json_string(body, user);
  const std::string_view members = event.substr(begin + 1);
  const std::size_t first = members.find_first_not_of(kBlanks);
  if (first != members.npos && members[first] != '}') body += ',';
  return body.append(members);
}

}  // namespace

std::optional<net::Response> AdminPage::user(const Call& call) {
  auto user = user_of(call.head.query);
  if (!user) return bad_user();
  report_.look_up(*std::move(user), call.id, call.now);
  return std::nullopt;
}

std::optional<net::Response> AdminPage::user_jobs(const Call& call) {
  const auto user = user_of(call.head.query);
  if (!user) return bad_user();
  return as_api(fmt::format("/api/users/{}/jobs", path_segment(*user)), call);
}

std::optional<net::Response> AdminPage::emit_to_user(const Call& call) {
  const auto user = user_of(call.head.query);
  if (!user) return bad_user();
  const auto body = with_user(call.body, *user);
  if (!body) return error_response(400, R"(Send {"event":"…","data":…}.)");
  log::info("a test event is sent from the admin page",
            {{"user", *user}, {"address", std::string(call.head.remote_address)}});
  return as_api("/api/emit", {.head = call.head, .body = *body, .id = call.id, .now = call.now, .parts = {}});
}

std::optional<net::Response> AdminPage::disconnect_user(const Call& call) {
  const auto user = user_of(call.head.query);
  if (!user) return bad_user();
  log::info("a user is disconnected from the admin page",
            {{"user", *user}, {"address", std::string(call.head.remote_address)}});
  report_.disconnect(*user, call.id, call.now);
  return std::nullopt;
}

std::optional<net::Response> AdminPage::trace_user(const Call& call) {
  auto user = user_of(call.head.query);
  if (!user) return bad_user();
  const bool with_data = wants_data(call.head.query);
  log::info("a user is traced from the admin page", {{"user", *user},
                                                     {"data", std::string(with_data ? "shown" : "hidden")},
                                                     {"address", std::string(call.head.remote_address)}});
  return traces_.follow(
      {.user = *std::move(user), .with_data = with_data, .session = sha256(session_of(call.head, call.now))}, call.id,
      call.now);
}

}  // namespace signalbox::server::admin
