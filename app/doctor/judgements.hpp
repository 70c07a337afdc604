#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "doctor/finding.hpp"
#include "doctor/observations.hpp"

// The judgement's parts: a function for each check. judge.cpp has their order.
namespace app::doctor {

// judge_connection.cpp
std::optional<Finding> judge_reach(const Observations& seen);
std::optional<Finding> judge_certificate(const Observations& seen);
std::optional<Finding> judge_clock(const Observations& seen);
Finding judge_handshake(const Observations& seen);
std::optional<Finding> judge_nodes(const Observations& seen);

// judge_transports.cpp
Finding judge_polling(const Session& session);
std::optional<Finding> judge_upgrade(const Observations& seen);
Finding judge_websocket(const Session& session);
std::optional<Finding> judge_large(const Observations& seen);
Finding judge_silence(const Observations& seen);

// judge_access.cpp
Finding judge_cors(const Observations& seen);
std::optional<Finding> judge_token(const Observations& seen);
Finding judge_api(const Observations& seen);

constexpr Milliseconds kSlow{2000};  ///< an answer that should come at once
/// What helps where several servers do not know each other.
constexpr auto kOneServer =
    "Give all the same REDIS_URL, or let the proxy send a client always to the same one (nginx: ip_hash, HAProxy: "
    "balance source).";

inline Finding well(std::string check, std::string what) {
  return {.check = std::move(check), .state = State::well, .what = std::move(what)};
}
inline Finding unseen(std::string check, std::string what, std::string remedy) {
  return {.check = std::move(check), .state = State::unseen, .what = std::move(what), .remedy = std::move(remedy)};
}
inline Finding hurts(std::string check, std::string what, std::string remedy) {
  return {.check = std::move(check), .state = State::hurts, .what = std::move(what), .remedy = std::move(remedy)};
}

/// "25 s", or "1.5 s"
inline std::string seconds(Milliseconds time) {
  const auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : '.' + std::to_string(tenths % 10)) + " s";
}
/// What came in the place of what should have come.
inline std::string instead(const Outcome& outcome) {
  if (outcome.status == 0) return outcome.trouble;
  return outcome.trouble.empty() ? "the answer was " + std::to_string(outcome.status) : outcome.trouble;
}
inline bool says(const Outcome& outcome, std::string_view text) {
  return outcome.body.find(text) != std::string::npos;
}
inline bool sid_unknown(const Outcome& outcome) {
  return outcome.status == 400 && says(outcome, R"("code":1)");
}

}  // namespace app::doctor
