#include <algorithm>

#include "doctor/judgements.hpp"

namespace app::doctor {
namespace {

const Verdict* verdict_of(const Observations& seen) {
  for (const auto* session : {&seen.websocket, &seen.polling}) {
    if (*session && (*session)->verdict) return &*(*session)->verdict;
  }
  return nullptr;
}

/// What the secret that is known here says against it, beyond what the server said.
std::string own_reasons(const Observations& seen, std::string_view reason) {
  if (!seen.token_points.empty() && std::ranges::all_of(seen.token_points, &TokenPoint::accepted))
    return " By the secret and the clock here it would be accepted.";
  std::string out;
  for (const TokenPoint& point : seen.token_points) {
    if (!point.accepted && point.says != reason) out += ' ' + point.says;
  }
  return out;
}

}  // namespace

Finding judge_cors(const Observations& seen) {
  if (seen.origin.empty())
    return unseen("cors", "Which pages may connect was not looked at.",
                  "Give the address of your pages: --origin https://…");
  if (seen.origin.starts_with("https://") && !seen.tls && !seen.local_name)
    return hurts("cors", "Browsers let no page of https ask an address without TLS: mixed content.",
                 "Let the proxy speak https, and use that address in the page.");
  const bool same = seen.origin == seen.address;
  const std::string remedy = "Set CORS_ORIGIN=" + seen.origin + " at the server.";
  const std::string& allowed = seen.allowed_origin;
  if (!same && allowed.empty())
    return hurts("cors", "Pages of " + seen.origin + " may not connect: the answer has no Access-Control-Allow-Origin.",
                 remedy);
  if (!same && allowed.find(',') != std::string::npos)
    return hurts("cors", "The proxy adds a second Access-Control-Allow-Origin, and browsers refuse both.",
                 "Leave CORS to the server: take the proxy's line out (nginx: add_header, HAProxy: http-response "
                 "add-header).");
  if (!same && allowed != "*" && allowed != seen.origin)
    return hurts("cors", "Pages of " + allowed + " may connect, and those of " + seen.origin + " may not.", remedy);
  if (seen.websocket_of_origin && seen.websocket_of_origin->status == 403)
    return hurts("cors", "A WebSocket of a page of " + seen.origin + " is refused (403).",
                 same ? "Let the proxy pass Host on as it came (nginx: proxy_set_header Host $http_host, HAProxy: no "
                        "set-header Host)."
                      : remedy);
  return well("cors", "Pages of " + seen.origin + " may connect.");
}

std::optional<Finding> judge_token(const Observations& seen) {
  if (!seen.token_withheld.empty())
    return unseen("token", "The token was not shown: " + seen.token_withheld + ".", "Put that right first.");
  const Verdict* verdict = verdict_of(seen);
  if (!verdict) return std::nullopt;
  if (!seen.token_given) {
    if (verdict->accepted) return well("token", "The server lets clients in without a token.");
    return unseen("token", "No token was tried.", "Give one: --token $(signalbox token --user doctor)");
  }
  if (verdict->accepted) return well("token", "The server accepts the token.");
  const std::string reason = verdict->message.empty() ? "it gives no reason." : verdict->message;
  return hurts("token", "The server refuses the token: " + reason + own_reasons(seen, reason),
               "Compare: signalbox token --explain TOKEN, with the server's JWT_SECRET; docs/troubleshooting.md has "
               "each reason.");
}

Finding judge_api(const Observations& seen) {
  const bool reached = (seen.api.status == 401 || seen.api.status == 403) && says(seen.api, "API_KEY");
  if (!reached) return well("api", "The workers' interface (/api) is not reachable here.");
  if (!seen.tls && !seen.public_address)
    return well("api", "The workers' interface (/api) answers here, in a network of your own.");
  return hurts("api", "The workers' interface (/api) is reachable from outside: only its key protects it.",
               "Pass on " + seen.path +
                   " alone, and answer 404 to the rest (nginx: location / { return 404; }, HAProxy: "
                   "http-request deny deny_status 404 unless { path_beg " +
                   seen.path + " }).");
}

}  // namespace app::doctor
