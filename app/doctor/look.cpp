#include "doctor/look.hpp"

#include <signalbox/json.hpp>

#include <algorithm>
#include <ctime>
#include <future>

#include "doctor/judge.hpp"
#include "doctor/public_address.hpp"
#include "doctor/url.hpp"

namespace app::doctor {
namespace {

using signalbox::json;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr Milliseconds kQuiet = 2s;     ///< after a login: nothing more is to come
constexpr Milliseconds kEarly = 100ms;  ///< a clock of milliseconds may ring that much before its time
constexpr Milliseconds kMostSilence = 120s;
constexpr int kSessions = 8;          ///< of two servers by turns, or by chance, one will be the other
constexpr std::size_t kLogin = 8000;  ///< bytes: a login may have 16 KiB
constexpr std::size_t kAround = 64;   ///< bytes of a packet around its data
constexpr std::size_t kMostEcho = 1'000'000;

Milliseconds since(Clock::time_point start) {
  return std::chrono::duration_cast<Milliseconds>(Clock::now() - start);
}

/// What came of it: 200, or why not.
template <class Work>
Outcome attempt(Work work) {
  const auto start = Clock::now();
  Outcome out;
  try {
    work();
    out.status = 200;
  } catch (const Refused& refused) {
    out = {.status = refused.answer.status, .body = refused.answer.body, .trouble = refused.what()};
  } catch (const TimedOut& late) {
    out = {.trouble = late.what(), .in_time = false};
  } catch (const HttpError& error) {
    out = {.trouble = error.what()};
  }
  out.took = since(start);
  return out;
}

/// The next packet that is no heartbeat; heartbeats are answered, and counted. Nobody is heard beyond the end. Throws
/// Closed behind the last one.
std::string hear_other(Talk& talk, Clock::time_point end, int* heartbeats = nullptr) {
  while (true) {
    if (Clock::now() >= end) throw TimedOut("what was to come did not come in time");
    std::string packet = talk.hear(std::max(-since(end), Milliseconds(1)));
    if (packet == "1") throw Closed("the server closed it");
    if (packet != "2") return packet;
    if (heartbeats) ++*heartbeats;
    talk.say("3");
  }
}

/// As large as a login may well be.
std::string login_packet(const std::string& token) {
  json login = {{"doctor", std::string(kLogin - std::min(kLogin, token.size()), '.')}};
  if (!token.empty()) login["token"] = token;
  return "40" + login.dump();
}

Verdict refusal(const json& data, const std::string& message) {
  const auto text = [&](const char* name) {
    return data.is_object() && data.contains(name) && data[name].is_string() ? data[name].get<std::string>() : "";
  };
  return {.code = text("code"), .message = text("message").empty() ? message : text("message")};
}

/// What this packet says of the login; nothing: nothing yet.
std::optional<Verdict> read_verdict(const std::string& packet) {
  if (packet.starts_with("44")) {
    const json error = json::parse(packet.substr(2), nullptr, false);
    if (!error.is_object()) return Verdict{};
    return refusal(error.value("data", json()), error.contains("message") && error["message"].is_string()
                                                    ? error["message"].get<std::string>()
                                                    : "");
  }
  if (!packet.starts_with("42[")) return std::nullopt;
  const json event = json::parse(packet.substr(2), nullptr, false);
  if (!event.is_array() || event.empty()) return std::nullopt;
  if (event[0] == "authenticated") return Verdict{.accepted = true, .has_user = true};
  if (event[0] == "unauthorized") return refusal(event.size() > 1 ? event[1] : json(), "");
  return std::nullopt;
}

/// A server that has no login of ours lets a client in and says no more.
Verdict hear_verdict(Talk& talk) {
  bool let_in = false;
  for (auto end = Clock::now() + kPatience;;) {
    try {
      const std::string packet = hear_other(talk, end);
      if (const auto verdict = read_verdict(packet)) return *verdict;
      if (!let_in && packet.starts_with("40")) end = Clock::now() + kQuiet;
      let_in = let_in || packet.starts_with("40");
    } catch (const TimedOut&) {
      if (!let_in) throw;
      return {.accepted = true};
    }
  }
}

/// A job that nobody has comes back with its id, however long that is.
void hear_echo(Talk& talk, const std::string& text) {
  talk.say(R"(420["job_status",")" + text + "\"]");
  const auto end = Clock::now() + kPatience;
  std::string packet = hear_other(talk, end);
  while (!packet.starts_with("430[")) packet = hear_other(talk, end);
  if (packet.find(text) == std::string::npos) throw HttpError("it came back as something else");
}

Session visit_session(Talk& talk, const Opening& opening, const std::string& token) {
  Session session;
  const std::string login = login_packet(token);
  session.opened.status = 200;
  session.echo_bytes = login.size();
  session.login = attempt([&] {
    talk.say(login);
    session.verdict = hear_verdict(talk);
  });
  if (!session.verdict || !session.verdict->has_user) return session;
  session.echo_bytes = std::min(opening.max_payload, kMostEcho) - kAround;
  session.echo = attempt([&] { hear_echo(talk, std::string(session.echo_bytes - kAround / 2, 'a')); });
  return session;
}

Session visit_polling(const Visit& visit) {
  PollingTalk talk(visit.address);
  Session session;
  std::optional<Opening> opening;
  session.opened = attempt([&] { opening = hear_opening(talk); });
  if (!opening) return session;
  talk.set_sid(opening->sid);
  session = visit_session(talk, *opening, visit.token);
  static_cast<void>(attempt([&] { talk.say("1"); }));  // it may be over
  return session;
}

Session visit_websocket(const Visit& visit) {
  Session session;
  std::unique_ptr<WebSocketTalk> talk;
  std::optional<Opening> opening;
  session.opened = attempt([&] {
    talk = std::make_unique<WebSocketTalk>(visit.address);
    opening = hear_opening(*talk);
  });
  return opening ? visit_session(*talk, *opening, visit.token) : session;
}

void upgrade(const Address& address) {
  PollingTalk polling(address);
  const std::string sid = hear_opening(polling).sid;
  WebSocketTalk socket(address, sid);
  socket.say("2probe");
  if (socket.hear(kPatience) != "3probe") throw HttpError("its probe was not answered");
  socket.say("5");
  socket.say("40");
  const auto end = Clock::now() + kPatience;
  while (!hear_other(socket, end).starts_with('4')) continue;
}

/// Each of a session of its own, and on a connection of its own, as each request is.
std::vector<Outcome> second_requests(const Address& address) {
  std::vector<Outcome> out;
  for (int i = 0; i < kSessions; ++i) {
    PollingTalk talk(address);
    std::optional<Opening> opening;
    Outcome first = attempt([&] { opening = hear_opening(talk); });
    if (opening) {
      talk.set_sid(opening->sid);
      first = attempt([&] { talk.say("1"); });
    }
    out.push_back(std::move(first));
    if (!out.back().in_time) break;  // a proxy that swallows one swallows all: seven more would take minutes
  }
  return out;
}

/// With a login it may last; without one the server ends a session after CONNECT_TIMEOUT_MS.
Milliseconds silence_of(const Opening& opening, bool logged_in) {
  const Milliseconds wanted =
      logged_in ? 2 * opening.ping_interval + opening.ping_timeout : opening.ping_interval * 3 / 2;
  return std::min(wanted, kMostSilence);
}

Silence cut_off(const HttpError& error) {
  return {.end = Silence::End::cut, .cut = error.what()};
}

/// Hears heartbeats alone until the time is over or the line ends.
Silence hear_silence(Talk& talk, const Opening& opening, const std::string& token, Milliseconds watched) {
  const auto start = Clock::now();
  int heartbeats = 0;
  try {
    if (!token.empty()) talk.say(login_packet(token));
    while (true) static_cast<void>(hear_other(talk, start + watched, &heartbeats));
  } catch (const TimedOut& late) {
    if (heartbeats == 0 && watched > opening.ping_interval) return {.end = Silence::End::no_heartbeat};
    return since(start) + kEarly < watched ? cut_off(late) : Silence{};
  } catch (const Closed&) {
    return {.end = Silence::End::by_server};
  } catch (const HttpError& error) {
    return cut_off(error);
  }
}

Silence watch(Talk& talk, const Opening& opening, const std::string& token) {
  const Milliseconds watched = silence_of(opening, !token.empty());
  const auto start = Clock::now();
  Silence out = hear_silence(talk, opening, token, watched);
  out.watched = watched;
  out.lasted = since(start);
  out.login = !token.empty();
  return out;
}

Silence watch_polling(const Address& address, const std::string& token) try {
  PollingTalk talk(address);
  const Opening opening = hear_opening(talk);
  talk.set_sid(opening.sid);
  Silence out = watch(talk, opening, token);
  static_cast<void>(attempt([&] { talk.say("1"); }));
  return out;
} catch (const HttpError& error) {
  return cut_off(error);
}

Silence watch_websocket(const Address& address, const std::string& token) try {
  WebSocketTalk talk(address);
  return watch(talk, hear_opening(talk), token);
} catch (const HttpError& error) {
  return cut_off(error);
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  const std::string date(text);
  std::tm time{};
  return ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time) ? std::optional<std::int64_t>(::timegm(&time))
                                                                      : std::nullopt;
}

/// Whatever it answers: no answer is one as well.
Outcome ask(const HttpRequest& request) {
  HttpAnswer answer;
  Outcome out = attempt([&] { answer = http_send(request); });
  out.status = answer.status;
  out.body = std::move(answer.body);
  return out;
}

void look_at_line(const Visit& visit, Observations& seen) {
  const Connection line(visit.address.place, kPatience);
  seen.connected = true;
  seen.certificate = line.certificate();
  seen.public_address = is_public_address(line.peer());
}

void look_at_handshake(const Visit& visit, Observations& seen) {
  const auto start = Clock::now();
  Address page = visit.address;
  page.origin = visit.origin;
  HttpRequest request = page.request("polling");
  const HttpAnswer answer = http_send(request);
  seen.handshake = {.status = answer.status, .body = answer.body, .took = since(start)};
  seen.now = std::time(nullptr);
  seen.date = parse_date(answer.field("Date"));
  seen.location = answer.field("Location");
  seen.allowed_origin = answer.all_fields("Access-Control-Allow-Origin");
  if (answer.status == 200) {
    static_cast<void>(attempt([&] {
      seen.opening = parse_opening(answer.body.substr(0, answer.body.find('\x1e')));
      PollingTalk talk(page);
      talk.set_sid(seen.opening->sid);
      talk.say("1");
    }));
  }
  if (answer.status == 404) {
    request.target = visit.address.path + request.target.substr(1);
    seen.doubled = ask(request);
  }
}

void look_at_sessions(const Visit& visit, Observations& seen) {
  seen.second_requests = second_requests(visit.address);
  seen.polling = visit_polling(visit);
  seen.websocket = visit_websocket(visit);
  seen.upgrade = attempt([&] { upgrade(visit.address); });
}

void look_at_origin(const Visit& visit, Observations& seen) {
  Address page = visit.address;
  page.origin = visit.origin;
  seen.websocket_of_origin = attempt([&] { static_cast<void>(WebSocketTalk(page)); });
}

void look_at_silence(const Visit& visit, Observations& seen) {
  const bool accepted = seen.websocket->verdict && seen.websocket->verdict->has_user;
  const std::string token = accepted ? visit.token : "";
  visit.on_wait(silence_of(*seen.opening, accepted));
  auto polling = std::async(std::launch::async, [&] { return watch_polling(visit.address, token); });
  if (seen.websocket->opened.well()) seen.websocket_silence = watch_websocket(visit.address, token);
  seen.polling_silence = polling.get();
}

}  // namespace

Observations look(Visit visit) {
  Observations seen{.address = origin_of(visit.address.place),
                    .local_name = is_local_name(visit.address.place.host),
                    .path = visit.address.path,
                    .origin = visit.origin,
                    .tls = visit.address.place.tls,
                    .token_given = !visit.token.empty()};
  try {
    look_at_line(visit, seen);
    look_at_handshake(visit, seen);
  } catch (const HttpError& error) {
    seen.no_answer = error.what();
    return seen;
  }
  seen.token_withheld = why_withheld(seen);
  visit.address.place.trusted_alone = seen.certificate && seen.certificate->trusted();  // so the token stays there
  if (!seen.token_withheld.empty()) visit.token.clear();
  if (seen.opening) {
    look_at_sessions(visit, seen);
    if (!visit.origin.empty()) look_at_origin(visit, seen);
    if (!visit.quick) look_at_silence(visit, seen);
  }
  seen.api = ask({.place = visit.address.place, .target = "/api/presence?limit=1"});
  return seen;
}

}  // namespace app::doctor
