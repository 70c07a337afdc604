#include "doctor/judge.hpp"

#include <algorithm>

#include "doctor/judgements.hpp"

namespace app::doctor {

Findings judge(const Observations& seen) {
  Findings out;
  const auto add = [&](std::optional<Finding> finding) {
    if (finding) out.push_back(std::move(*finding));
  };
  add(judge_reach(seen));
  add(judge_certificate(seen));
  if (!out.empty() && out.front().check == "reach") return out;
  add(judge_handshake(seen));
  add(judge_clock(seen));
  if (seen.opening) {
    add(judge_nodes(seen));
    if (seen.polling) add(judge_polling(*seen.polling));
    add(judge_upgrade(seen));
    if (seen.websocket) add(judge_websocket(*seen.websocket));
    add(judge_large(seen));
    add(judge_cors(seen));
    add(judge_token(seen));
    add(judge_silence(seen));
  }
  add(judge_api(seen));
  return out;
}

std::string why_withheld(const Observations& seen) {
  if (!seen.token_given) return "";
  if (!seen.tls) return seen.public_address ? "the address has no TLS" : "";
  const auto& shown = seen.certificate;
  return shown && shown->trusted() ? "" : "the certificate cannot be trusted";
}

int exit_code(const Findings& findings) {
  constexpr int kCouldNotLook = 2;
  if (std::ranges::any_of(findings, [](const Finding& one) { return one.check == "reach"; })) return kCouldNotLook;
  return std::ranges::any_of(findings, [](const Finding& one) { return one.state == State::hurts; }) ? 1 : 0;
}

}  // namespace app::doctor
