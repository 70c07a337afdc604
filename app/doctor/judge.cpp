#include "doctor/judge.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>

namespace app::doctor {
namespace {

constexpr Milliseconds kSlow{2000};     ///< an answer that should come at once
constexpr std::int64_t kMostSkew = 30;  ///< seconds
constexpr std::int64_t kDay = 86400, kSoon = 14 * kDay;

Finding well(std::string check, std::string what) {
  return {.check = std::move(check), .state = State::well, .what = std::move(what)};
}

Finding unseen(std::string check, std::string what, std::string remedy) {
  return {.check = std::move(check), .state = State::unseen, .what = std::move(what), .remedy = std::move(remedy)};
}

Finding hurts(std::string check, std::string what, std::string remedy) {
  return {.check = std::move(check), .state = State::hurts, .what = std::move(what), .remedy = std::move(remedy)};
}

/// "25 s", or "1.5 s"
std::string seconds(Milliseconds time) {
  const auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + (tenths % 10 == 0 ? "" : '.' + std::to_string(tenths % 10)) + " s";
}

/// What came in the place of what should have come.
std::string instead(const Outcome& outcome) {
  if (outcome.status == 0) return outcome.trouble;
  return outcome.trouble.empty() ? "the answer was " + std::to_string(outcome.status) : outcome.trouble;
}

bool says(const Outcome& outcome, std::string_view text) {
  return outcome.body.find(text) != std::string::npos;
}

bool sid_unknown(const Outcome& outcome) {
  return outcome.status == 400 && says(outcome, R"("code":1)");
}

// --- The connection itself

std::optional<Finding> judge_certificate(const Observations& seen) {
  if (!seen.tls) {
    if (!seen.public_address) return std::nullopt;
    return hurts("certificate", "The address has no TLS: whoever is on the way reads the tokens.",
                 "Let the proxy speak https (docs/security.md has examples), and use that address in the page.");
  }
  if (!seen.certificate) return std::nullopt;
  const Certificate& shown = *seen.certificate;
  const std::int64_t left = shown.expires_at - seen.now;
  if (left <= 0)
    return hurts("certificate", "The certificate expired " + std::to_string(-left / kDay) + " days ago.",
                 "Renew it, and let the proxy read it again.");
  if (!shown.of_host)
    return hurts("certificate", "The certificate is not for the host that was asked.",
                 "Use a name that stands in it, or get one for this name.");
  if (!shown.problem.empty())
    return hurts("certificate", "Browsers will not trust the certificate: " + shown.problem + ".",
                 "Give the proxy the whole chain, with all certificates between, of an authority that browsers know.");
  if (left < kSoon)
    return hurts("certificate", "The certificate expires in " + std::to_string(left / kDay) + " days.",
                 "Renew it now, and find out why that did not happen by itself.");
  return well("certificate", "The certificate is trusted, and good for " + std::to_string(left / kDay) + " more days.");
}

std::optional<Finding> judge_clock(const Observations& seen) {
  if (!seen.date) return std::nullopt;
  const std::int64_t skew = *seen.date - seen.now;
  if (std::abs(skew) <= kMostSkew) return well("clock", "The clocks here and there agree.");
  return hurts("clock",
               "The server's clock is " + std::to_string(std::abs(skew)) + " s " + (skew > 0 ? "ahead of" : "behind") +
                   " the one here: tokens end too early or too late.",
               "Set both by NTP; JWT_LEEWAY_S allows for a small difference.");
}

Finding judge_no_handshake(const Observations& seen) {
  const Outcome& answer = seen.handshake;
  const std::string status = std::to_string(answer.status);
  if (answer.status == 404 && seen.doubled && seen.doubled->well() && seen.doubled->body.starts_with('0'))
    return hurts("handshake", "The proxy cuts the path " + seen.path + " off before it asks the server.",
                 "Pass the path on as it came (nginx: no path and no slash at the end of proxy_pass).");
  if (answer.status == 404)
    return hurts("handshake", "There is nothing at " + seen.path + " (404).",
                 "Let SOCKET_PATH, the client's option path and the proxy's rule agree, with the slash at the end.");
  if (answer.status / 100 == 3)
    return hurts("handshake",
                 "The address redirects to " + seen.location + ", which browsers do not follow for WebSockets.",
                 "Use that address in the page.");
  if (answer.status == 401 || answer.status == 407)
    return hurts("handshake", "The proxy wants a login of its own (" + status + ").",
                 "Leave " + seen.path + " out of it: the token is checked by the server.");
  if (answer.status == 503 && says(answer, R"("error")"))
    return hurts("handshake", "The server takes nobody at present (503).",
                 "It is stopping, or MAX_CONNECTIONS is reached: its log says which.");
  if (answer.status == 502 || answer.status == 503 || answer.status == 504)
    return hurts("handshake", "The proxy does not reach the server (" + status + ").",
                 "Ask it from the proxy's machine: curl http://HOST:PORT/healthz. If that fails, HOST, PORT or a "
                 "firewall is wrong.");
  if (answer.status == 403 && !seen.origin.empty())
    return hurts("handshake", "The origin " + seen.origin + " is refused (403).",
                 "Set CORS_ORIGIN=" + seen.origin + " at the server.");
  if (answer.status == 200)
    return hurts("handshake", "Something else answers at " + seen.path + ", which is no Socket.IO server.",
                 "Lead " + seen.path + " to Signalbox before the rule that serves your pages.");
  return hurts("handshake", "The handshake is refused with " + status + ".",
               "Look for this status in docs/troubleshooting.md, and in the proxy's log.");
}

Finding judge_handshake(const Observations& seen) {
  if (!seen.opening) return judge_no_handshake(seen);
  if (seen.handshake.took > kSlow)
    return hurts("handshake", "The handshake takes " + seconds(seen.handshake.took) + ".",
                 "Find out what is slow: the machine, its memory, or a proxy that waits for more.");
  return well("handshake", "The server answers in " + std::to_string(seen.handshake.took.count()) +
                               " ms, with a heartbeat every " + seconds(seen.opening->ping_interval) + ".");
}

std::optional<Finding> judge_nodes(const Observations& seen) {
  if (seen.second_requests.empty()) return std::nullopt;
  const auto lost = std::ranges::count_if(seen.second_requests, sid_unknown);
  const std::string all = std::to_string(seen.second_requests.size());
  if (lost > 0)
    return hurts("nodes",
                 "Of " + all + " sessions " + std::to_string(lost) +
                     " were unknown at their second request: several servers answer, which do not know each other.",
                 "Give all the same REDIS_URL, or let the proxy send a client always to the same one.");
  const auto wrong = std::ranges::find_if(seen.second_requests, [](const Outcome& one) { return !one.well(); });
  if (wrong != seen.second_requests.end())
    return hurts("nodes", "A second request of a session, over a new connection, failed: " + instead(*wrong) + ".",
                 "Pass on POST as well as GET, with the query as it came.");
  return well("nodes", "All of " + all + " sessions were known at their second request.");
}

// --- Transports

Finding judge_polling(const Session& session) {
  if (!session.opened.well() || session.login.status == 0)
    return hurts(
        "polling",
        "A polling session was not answered: " + instead(session.opened.well() ? session.login : session.opened) + ".",
        "Pass GET and POST on as they come; nginx: proxy_buffering off.");
  if (session.login.status == 413)
    return hurts("polling", "A login of " + std::to_string(session.echo_bytes) + " bytes is too large (413).",
                 "Raise the proxy's limit to MAX_PAYLOAD_BYTES (nginx: client_max_body_size 1m); the server's is "
                 "PREAUTH_MESSAGE_BYTES.");
  if (!session.login.well())
    return hurts("polling", "A login over polling failed: " + instead(session.login) + ".",
                 "Pass GET and POST on as they come, body and query included.");
  if (session.login.took > kSlow)
    return hurts("polling",
                 "An answer over polling came after " + seconds(session.login.took) + ": something holds it back.",
                 "Turn buffering off in the proxy (nginx: proxy_buffering off).");
  return well("polling", "Polling works.");
}

/// An upgrade that came to nothing, whichever way it began.
Finding judge_no_websocket(std::string check, const Outcome& outcome) {
  constexpr auto kPassOn =
      "Pass Upgrade and Connection on, by HTTP/1.1 (nginx: proxy_http_version 1.1; proxy_set_header Upgrade "
      "$http_upgrade; proxy_set_header Connection \"upgrade\").";
  if (outcome.status == 400 && says(outcome, R"("code":3)"))
    return hurts(std::move(check),
                 "The proxy forgets that a WebSocket was asked for: the request arrives without Upgrade.", kPassOn);
  if (outcome.status == 400 && says(outcome, "Session ID unknown"))
    return hurts(std::move(check), "The WebSocket reached another server than its session.",
                 "Give all the same REDIS_URL, or let the proxy send a client always to the same one.");
  if (outcome.status == 403)
    return hurts(
        std::move(check), "The WebSocket is refused (403).",
        "The server refuses an Origin that is not in CORS_ORIGIN; a web application firewall may refuse every one.");
  if (outcome.status != 0)
    return hurts(std::move(check), "The WebSocket is answered with " + std::to_string(outcome.status) + ".", kPassOn);
  return hurts(std::move(check), "The WebSocket fails: " + outcome.trouble + ".", kPassOn);
}

Finding judge_websocket(const Session& session) {
  if (session.opened.trouble.empty() && session.login.trouble.empty())
    return well("websocket", "A WebSocket without polling works.");
  return judge_no_websocket("websocket", session.opened.trouble.empty() ? session.login : session.opened);
}

std::optional<Finding> judge_upgrade(const Observations& seen) {
  if (!seen.upgrade) return std::nullopt;
  if (seen.upgrade->trouble.empty()) return well("upgrade", "The upgrade from polling to WebSocket works.");
  return judge_no_websocket("upgrade", *seen.upgrade);
}

std::optional<Finding> judge_large(const Observations& seen) {
  if (!seen.polling || !seen.polling->login.well()) return std::nullopt;
  for (const auto& [session, way] : {std::pair{&seen.polling, "polling"}, std::pair{&seen.websocket, "WebSocket"}}) {
    if (!*session || !(*session)->echo) continue;
    const Outcome& echo = *(*session)->echo;
    const std::string bytes = std::to_string((*session)->echo_bytes) + " bytes";
    if (echo.status == 413)
      return hurts("large", "A message of " + bytes + " over " + way + " is too large for the proxy (413).",
                   "Raise its limit to MAX_PAYLOAD_BYTES (nginx: client_max_body_size 1m).");
    if (!echo.trouble.empty())
      return hurts("large", "A message of " + bytes + " over " + way + " did not come back: " + echo.trouble + ".",
                   "Look for a limit of size or time in the proxy, and for what rewrites bodies.");
  }
  if (!seen.polling->echo)
    return well("large", "A message of " + std::to_string(seen.polling->echo_bytes) +
                             " bytes arrives; with a token that is accepted, one of MAX_PAYLOAD_BYTES is tried.");
  return well("large", "A message of " + std::to_string(seen.polling->echo_bytes) + " bytes comes back whole.");
}

// --- Who may connect

bool same_host(const Observations& seen) {
  const auto host = [](std::string_view url) { return url.substr(std::min(url.find("://"), url.size())); };
  return host(seen.origin) == host(seen.address);
}

Finding judge_cors(const Observations& seen) {
  if (seen.origin.empty())
    return unseen("cors", "Which pages may connect was not looked at.",
                  "Give the address of your pages: --origin https://…");
  const std::string remedy = "Set CORS_ORIGIN=" + seen.origin + " at the server.";
  const std::string& allowed = seen.allowed_origin;
  if (!same_host(seen) && allowed.empty())
    return hurts("cors", "Pages of " + seen.origin + " may not connect: the answer has no Access-Control-Allow-Origin.",
                 remedy);
  if (!same_host(seen) && allowed.find(',') != std::string::npos)
    return hurts("cors", "The proxy adds a second Access-Control-Allow-Origin, and browsers refuse both.",
                 "Leave CORS to the server: take the proxy's line out.");
  if (!same_host(seen) && allowed != "*" && allowed != seen.origin)
    return hurts("cors", "Pages of " + allowed + " may connect, and those of " + seen.origin + " may not.", remedy);
  if (seen.websocket_of_origin && seen.websocket_of_origin->status == 403)
    return hurts(
        "cors", "A WebSocket of a page of " + seen.origin + " is refused (403).",
        same_host(seen) ? "Let the proxy pass Host on as it came (nginx: proxy_set_header Host $http_host)." : remedy);
  return well("cors", "Pages of " + seen.origin + " may connect.");
}

const Verdict* verdict_of(const Observations& seen) {
  for (const auto* session : {&seen.websocket, &seen.polling}) {
    if (*session && (*session)->verdict) return &*(*session)->verdict;
  }
  return nullptr;
}

/// What the secret that is known here says against it, beyond what the server said.
std::string own_reasons(const Observations& seen, std::string_view reason) {
  std::string out;
  for (const TokenPoint& point : seen.token_points) {
    if (!point.accepted && point.says != reason) out += ' ' + point.says;
  }
  return out;
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

// --- What time shows

std::optional<Finding> judge_silence(const Observations& seen) {
  if (!seen.polling_silence && !seen.websocket_silence)
    return unseen("silence", "Whether silent connections last was not looked at.", "Leave out --quick.");
  const Milliseconds patience = seen.opening->ping_interval + seen.opening->ping_timeout;
  for (const auto& [silence, way] :
       {std::pair{&seen.websocket_silence, "WebSocket"}, std::pair{&seen.polling_silence, "polling request"}}) {
    if (!*silence || (*silence)->cut.empty()) continue;
    return hurts("silence",
                 std::string("A silent ") + way + " was cut off after " + seconds((*silence)->lasted) + ": " +
                     (*silence)->cut + ".",
                 "Let the proxy wait for more than " + seconds(patience) +
                     " (nginx: proxy_read_timeout and proxy_send_timeout, HAProxy: timeout client, server and tunnel), "
                     "or lower PING_INTERVAL_MS.");
  }
  const Milliseconds watched = (seen.websocket_silence ? seen.websocket_silence : seen.polling_silence)->watched;
  return well("silence", "Silent connections last " + seconds(watched) + ", by heartbeats alone.");
}

Finding judge_api(const Observations& seen) {
  const bool reached = (seen.api.status == 401 || seen.api.status == 403) && says(seen.api, "API_KEY");
  if (!reached) return well("api", "The workers' interface (/api) is not reachable here.");
  if (!seen.tls && !seen.public_address)
    return well("api", "The workers' interface (/api) answers here, in a network of your own.");
  return hurts("api", "The workers' interface (/api) is reachable from outside: only its key protects it.",
               "Pass on " + seen.path + " alone, and answer 404 to the rest.");
}

}  // namespace

Findings judge(const Observations& seen) {
  Findings out;
  const auto add = [&](std::optional<Finding> finding) {
    if (finding) out.push_back(std::move(*finding));
  };
  add(judge_certificate(seen));
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
  const bool trusted = shown && shown->problem.empty() && shown->of_host && shown->expires_at > seen.now;
  return trusted ? "" : "the certificate cannot be trusted";
}

int exit_code(const Findings& findings) {
  return std::ranges::any_of(findings, [](const Finding& one) { return one.state == State::hurts; }) ? 1 : 0;
}

}  // namespace app::doctor
