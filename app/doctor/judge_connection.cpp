#include <algorithm>
#include <cstdlib>

#include "doctor/judgements.hpp"

namespace app::doctor {
namespace {

constexpr std::int64_t kMostSkew = 30;  ///< seconds
constexpr std::int64_t kHour = 3600, kDay = 24 * kHour, kSoon = 14 * kDay;

/// "12 days", or "5 hours"
std::string span(std::int64_t seconds) {
  return seconds < 2 * kDay ? std::to_string(seconds / kHour) + " hours" : std::to_string(seconds / kDay) + " days";
}

Finding judge_no_handshake(const Observations& seen) {
  const Outcome& answer = seen.handshake;
  const std::string status = std::to_string(answer.status);
  if (answer.status == 404 && seen.doubled && seen.doubled->well() && seen.doubled->body.starts_with('0'))
    return hurts("handshake", "The proxy cuts the path " + seen.path + " off before it asks the server.",
                 "Pass the path on as it came (nginx: no path and no slash at the end of proxy_pass, HAProxy: no "
                 "replace-path or set-path).");
  if (answer.status == 404)
    return hurts("handshake", "There is nothing at " + seen.path + " (404).",
                 "Let SOCKET_PATH, the client's option path and the proxy's rule agree, with the slash at the end.");
  if (answer.status / 100 == 3 && !seen.location.empty())
    return hurts(
        "handshake",
        "The address redirects to " + seen.location.substr(0, seen.location.find('?')) +
            ", which browsers do not follow for WebSockets.",
        "Use that address in the page, or lead " + seen.path + " to the server before the rule that redirects.");
  if (answer.status == 401 || answer.status == 407)
    return hurts("handshake", "The proxy wants a login of its own (" + status + ").",
                 "Leave " + seen.path +
                     " out of it (nginx: auth_basic off, HAProxy: http-request auth unless it is that "
                     "path): the token is checked by the server.");
  if (answer.status == 503 && says(answer, R"("error")"))
    return hurts("handshake", "The server takes nobody at present (503).",
                 "It is stopping, or MAX_CONNECTIONS is reached: its log says which.");
  if (answer.status == 502 || answer.status == 503 || answer.status == 504)
    return hurts("handshake", "The proxy does not reach the server (" + status + ").",
                 "Ask it from the proxy's machine: curl http://HOST:PORT/healthz. If that fails, HOST, PORT or a "
                 "firewall is wrong; else the proxy asks elsewhere, or not by HTTP/1.1 without TLS (nginx: proxy_pass "
                 "http://, HAProxy: neither ssl nor proto h2 at the server).");
  if (answer.status == 403 && !seen.origin.empty())
    return hurts("handshake", "The origin " + seen.origin + " is refused (403).",
                 "Set CORS_ORIGIN=" + seen.origin + " at the server.");
  if (answer.status == 400 && !seen.tls && (says(answer, "to HTTPS port") || says(answer, "to an HTTPS server")))
    return hurts("handshake", "This port speaks https, and was asked without.", "Write https:// in the address.");
  if (answer.status == 429)
    return hurts("handshake", "The proxy lets too few requests pass (429).",
                 "Leave " + seen.path +
                     " out of that limit, or raise it (nginx: limit_req, HAProxy: the deny by a stick-table).");
  if (answer.status == 200)
    return hurts("handshake", "Something else answers at " + seen.path + ", which is no Socket.IO server.",
                 "Lead " + seen.path + " to Signalbox before the rule that serves your pages.");
  return hurts("handshake", "The handshake is refused with " + status + ".",
               "Look for this status in docs/troubleshooting.md, and in the proxy's log.");
}

}  // namespace

std::optional<Finding> judge_reach(const Observations& seen) {
  if (seen.no_answer.empty()) return std::nullopt;
  return hurts(
      "reach", "Nothing could be looked at: " + seen.no_answer + ".",
      seen.connected
          ? "Something listens there: see that it is the proxy's or the server's port for " +
                std::string(seen.tls ? "https" : "http") + ", and look into its log."
          : "Compare name, port and https or http with the proxy's; if it answers on its own machine, a firewall "
            "is between, or it listens there alone (HOST).");
}

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
    return hurts("certificate", "The certificate expired " + span(-left) + " ago.",
                 "Renew it, and let the proxy read it again (nginx -s reload, systemctl reload haproxy).");
  if (shown.begins_at > seen.now)
    return hurts("certificate",
                 "By the clock here, the certificate is good only in " + span(shown.begins_at - seen.now) + ".",
                 "Set the clock here by NTP; if it is right, the authority's is wrong.");
  if (!shown.of_host)
    return hurts(
        "certificate", "The certificate is not for the host that was asked.",
        "Use a name that stands in it, or get one for this name; if the proxy has one, it must choose it by the name.");
  if (!shown.problem.empty())
    return hurts("certificate", "Browsers will not trust the certificate: " + shown.problem + ".",
                 "Give the proxy the whole chain, of an authority that browsers know (nginx: ssl_certificate, HAProxy: "
                 "crt; each "
                 "a file with all certificates between as well).");
  if (left < kSoon)
    return hurts("certificate", "The certificate expires in " + span(left) + ".",
                 "Renew it now, and find out why that did not happen by itself.");
  return well("certificate", "The certificate is trusted, and good for " + span(left) + ".");
}

std::optional<Finding> judge_clock(const Observations& seen) {
  if (!seen.date) return std::nullopt;
  const std::int64_t skew = *seen.date - seen.now;
  if (std::abs(skew) <= kMostSkew) return well("clock", "The clocks here and there agree.");
  return hurts(
      "clock",
      "The clock there is " + std::to_string(std::abs(skew)) + " s " + (skew > 0 ? "ahead of" : "behind") +
          " the one here: tokens end too early or too late.",
      "Set both by NTP, and the proxy's, if that one writes Date (nginx does); JWT_LEEWAY_S allows for a small "
      "difference.");
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
                 kOneServer);
  const auto wrong = std::ranges::find_if(seen.second_requests, [](const Outcome& one) { return !one.well(); });
  if (wrong != seen.second_requests.end())
    return hurts("nodes", "A second request of a session, over a new connection, failed: " + instead(*wrong) + ".",
                 "Pass on POST as well as GET, with the query as it came.");
  return well("nodes", "All of " + all + " sessions were known at their second request.");
}

}  // namespace app::doctor
