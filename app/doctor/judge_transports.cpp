#include <utility>

#include "doctor/judgements.hpp"

namespace app::doctor {
namespace {

/// An upgrade that came to nothing, whichever way it began.
Finding judge_no_websocket(std::string check, const Outcome& outcome) {
  constexpr auto kPassOn =
      "Pass Upgrade and Connection on, by HTTP/1.1 (nginx: proxy_http_version 1.1; proxy_set_header Upgrade "
      "$http_upgrade; proxy_set_header Connection \"upgrade\"; HAProxy: no del-header of Upgrade or Connection).";
  if (outcome.status == 400 && says(outcome, R"("code":3)"))
    return hurts(std::move(check),
                 "The proxy forgets that a WebSocket was asked for: the request arrives without Upgrade.", kPassOn);
  if (outcome.status == 400 && says(outcome, "Session ID unknown"))
    return hurts(std::move(check), "The WebSocket reached another server than its session.", kOneServer);
  if (outcome.status == 403)
    return hurts(
        std::move(check), "The WebSocket is refused (403).",
        "The server refuses an Origin that is not in CORS_ORIGIN; a web application firewall may refuse every one.");
  if (outcome.status != 0)
    return hurts(std::move(check), "The WebSocket is answered with " + std::to_string(outcome.status) + ".", kPassOn);
  return hurts(std::move(check), "The WebSocket fails: " + outcome.trouble + ".", kPassOn);
}

Finding judge_end(const Silence& silence, const std::string& way, const Opening& opening) {
  const std::string time = seconds(silence.lasted);
  if (silence.end == Silence::End::no_heartbeat)
    return hurts("silence", "No heartbeat arrived over a silent " + way + " in " + time + ".",
                 "Find out what holds it back (nginx: proxy_buffering off, HAProxy: no wait-for-body).");
  if (silence.end == Silence::End::by_server && !silence.login)
    return unseen("silence", "The server ended a connection without a login after " + time + ", too early to see more.",
                  "Give a token that it accepts (--token), or raise CONNECT_TIMEOUT_MS.");
  if (silence.end == Silence::End::by_server)
    return hurts("silence", "The server itself closed a silent " + way + " after " + time + ".",
                 "Its log says why; perhaps something holds back what the client answers to its heartbeats.");
  return hurts("silence", "A silent " + way + " was cut off after " + time + ": " + silence.cut + ".",
               "Let the proxy wait for more than " + seconds(opening.ping_interval + opening.ping_timeout) +
                   " (nginx: proxy_read_timeout and proxy_send_timeout, HAProxy: timeout client, server and tunnel), "
                   "or lower PING_INTERVAL_MS.");
}

}  // namespace

Finding judge_polling(const Session& session) {
  if (!session.opened.well() || session.login.status == 0)
    return hurts(
        "polling",
        "A polling session was not answered: " + instead(session.opened.well() ? session.login : session.opened) + ".",
        "Pass GET and POST on as they come (nginx: proxy_buffering off, HAProxy: no wait-for-body).");
  if (sid_unknown(session.login))
    return hurts("polling", "A polling session was unknown at its second request.", kOneServer);
  if (session.login.status == 413)
    return hurts("polling", "A login of " + std::to_string(session.echo_bytes) + " bytes is too large (413).",
                 "Raise the proxy's limit to MAX_PAYLOAD_BYTES (nginx: client_max_body_size 1m, HAProxy: the deny by "
                 "req.body_size); the server's is PREAUTH_MESSAGE_BYTES.");
  if (!session.login.well())
    return hurts("polling", "A login over polling failed: " + instead(session.login) + ".",
                 "Pass GET and POST on as they come, body and query included.");
  if (session.login.took > kSlow)
    return hurts("polling",
                 "An answer over polling came after " + seconds(session.login.took) + ": something holds it back.",
                 "Turn buffering off in the proxy (nginx: proxy_buffering off, HAProxy: no wait-for-body).");
  return well("polling", "Polling works.");
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
                   "Raise its limit to MAX_PAYLOAD_BYTES (nginx: client_max_body_size 1m, HAProxy: the deny by "
                   "req.body_size).");
    if (!echo.trouble.empty())
      return hurts("large", "A message of " + bytes + " over " + way + " did not come back: " + echo.trouble + ".",
                   "Look for a limit of size or time in the proxy, and for what rewrites bodies.");
  }
  if (!seen.polling->echo)
    return well("large", "A message of " + std::to_string(seen.polling->echo_bytes) +
                             " bytes arrives; with a token that is accepted, one of MAX_PAYLOAD_BYTES is tried.");
  return well("large", "A message of " + std::to_string(seen.polling->echo_bytes) + " bytes comes back whole.");
}

Finding judge_silence(const Observations& seen) {
  const std::pair<const std::optional<Silence>&, const char*> ways[] = {{seen.websocket_silence, "WebSocket"},
                                                                        {seen.polling_silence, "polling request"}};
  Milliseconds watched{0};
  for (const auto& [silence, way] : ways) {
    if (silence && silence->end != Silence::End::none) return judge_end(*silence, way, *seen.opening);
    if (silence) watched = silence->watched;
  }
  if (watched == Milliseconds{0})
    return unseen("silence", "Whether silent connections last was not looked at.", "Leave out --quick.");
  const std::string interval = seconds(seen.opening->ping_interval);
  if (watched < seen.opening->ping_interval)
    return unseen(
        "silence",
        "Silent connections last " + seconds(watched) + ", but a heartbeat comes only every " + interval + ".",
        "Lower PING_INTERVAL_MS, for few proxies wait that long: the default is 25000.");
  return well("silence",
              "Silent connections last " + seconds(watched) + ", with nothing but a heartbeat every " + interval + ".");
}

}  // namespace app::doctor
