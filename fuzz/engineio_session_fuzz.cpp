// One session under any sequence of requests, WebSocket messages, time and calls from above. What must hold whatever
// comes: a request is answered at most once; on_closed() comes once and last; messages arrive in order, none twice, and
// while the session is open none is lost, over either transport and across the upgrade, though answers to polls are
// lost and asked for again; a POST that is repeated is taken once; a receipt covers no more than the client had when it
// heard the ping that it answered.
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "engineio/packet.hpp"
#include "engineio/session.hpp"

using namespace signalbox;
using namespace signalbox::engineio;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct World final : SessionIo, SessionHandler {
  SessionOptions options = Config{.send_queue_bytes = 2000};
  std::set<std::uint32_t> unanswered;
  std::uint32_t requests = 0;
  int sent = 0;
  int received = 0;         ///< the newest number the client has
  std::deque<int> pings;    ///< heard and not answered: what the client had received before each
  int had_at_answered = 0;  ///< what it had received before the ping that it answered last
  bool spurious = false;    ///< it has sent a pong to no ping
  const bool stamped;       ///< its requests have stamps, each another
  Stamp stamp = 0;          ///< of the last
  Stamp get_stamp = 0;
  std::uint32_t poll = 0;  ///< the newest GET: what an older one gets, nobody reads
  bool losing = false;
  bool shaken = false;
  std::string polled;    ///< the newest answer to a GET
  std::string lost;      ///< the answer to the newest GET, which did not arrive
  bool missing = false;  ///< an answer was lost for good
  int repeats = 0;       ///< of that GET: past ten a session takes it for a new one
  std::string last_post;
  Stamp post_stamp = 0;
  bool repeating = false;
  std::uint32_t marker = 0;
  int sent_at_marker[256] = {};
  bool closed = false;
  bool draining = false;
  TimePoint now{std::chrono::hours(1)};
  Session session;

  World(Transport first, bool with_stamps) : stamped(with_stamps), session(Sid(0, 0), first, options, *this, now) {
    session.set_handler(*this);
    // Three stamps at once show that each request has another one.
    if (stamped && first == Transport::polling)
      for (int i = 0; i < 3; ++i) post("4");
  }

  void got(std::string_view packet) {
    if (packet == "2") pings.push_back(received);
    if (!packet.starts_with("4")) return;
    const int number = std::atoi(std::string(packet.substr(1)).c_str());
    require(missing ? number > received : number == received + 1);
    received = number;
  }
  void on_repeated(const RequestId&) override {}
  void answer(const RequestId& request, Answer answer) override {
    require(unanswered.erase(request.number) == 1);
    if (answer.status != 200 || answer.body == "ok") return;
    // A GET and its repeat that wait together get the same, the newer one first.
    if (request.number != poll) return require(stamped && answer.body == polled);
    polled = answer.body;
    if (!lost.empty() && session.open()) require(answer.body == lost);
    repeats = lost.empty() ? 0 : repeats + 1;
    lost.clear();
    // Who loses the handshake's answer does not know the sid; in 6 and 1 is nothing to be lost.
    const bool may_be_lost = std::exchange(shaken, true) && answer.body.size() > 1;
    losing&& may_be_lost&& repeats < 10 ? void(lost = answer.body) : read(answer.body);
  }
  void read(std::string_view rest) {
    std::size_t packets = 0;
    require(!rest.empty());
    for (;;) {
      const std::size_t end = rest.find(kSeparator);
      got(rest.substr(0, end));
      require(++packets <= options.polling_max_packets);
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
  }
  void send_now(WebSocketId websocket, const FrameRef& frame) override {
    require(websocket != 0 && frame->packet() == "3probe");
  }
  void close_websocket(WebSocketId websocket, std::uint16_t) override { require(websocket != 0); }
  void touched() override {}
  void deadline_changed() override {}
  bool still_draining() override { return draining; }

  void send() {
    if (!session.open()) return;
    session.send(text_frame("4" + std::to_string(++sent)));
  }
  // The handler may call back, as an application does.
  void on_text(std::string_view message, TimePoint when) override {
    require(!closed && !repeating);
    if (message.starts_with("s")) send();
    if (message.starts_with("c")) session.close(CloseReason::forced_close, when);
  }
  void on_binary(std::string_view, TimePoint) override { require(!closed); }
  void on_closed(CloseReason, TimePoint) override {
    require(!closed && !session.open());
    closed = true;
    session.send(text_frame("4late"));
  }
  void on_received(std::uint32_t confirmed, TimePoint) override {
    require(!closed && confirmed <= marker);
    require(received >= sent_at_marker[confirmed]);
    require(spurious || had_at_answered >= sent_at_marker[confirmed]);
  }
  TimePoint next_deadline() const override { return kNever; }
  void on_timer(TimePoint) override {}

  RequestId request() {
    unanswered.insert(++requests);
    return {.number = requests};
  }
  Stamp next_stamp() { return stamped ? ++stamp : 0; }
  bool polls() const { return unanswered.contains(poll); }
  /// One that was lost is asked for again. While one waits it is of another client, which is refused.
  void get() {
    const RequestId id = request();
    if (polls()) return session.on_get(id, next_stamp(), now);
    if (lost.empty()) get_stamp = next_stamp();
    poll = id.number;
    session.on_get(id, get_stamp, now);
  }
  void get_again() {
    if (!stamped || !polls()) return;
    const RequestId id = request();
    poll = id.number;
    session.on_get(id, get_stamp, now);
  }
  /// What was answered and did not arrive: a client without stamps cannot ask again, so it is closed.
  void lose_connection() {
    if (lost.empty()) return;
    session.on_request_gone({.number = poll}, now);
    if (stamped) return;
    require(closed);
    missing = true;  // of a session that was closing already the rest still comes
    lost.clear();
  }
  void post_again() {
    if (post_stamp == 0) return;
    repeating = true;
    session.on_post(request(), post_stamp, "text/plain", last_post, now);
    repeating = false;
  }
  void pong() {
    if (pings.empty()) {
      spurious = true;
      return;
    }
    had_at_answered = pings.front();
    pings.pop_front();
  }
  void post(std::string_view body) {
    if (body.starts_with("3")) pong();
    if (session.open() && session.transport() == Transport::polling) {
      last_post = body;
      post_stamp = next_stamp();
      return session.on_post(request(), post_stamp, "text/plain", body, now);
    }
    session.on_post(request(), next_stamp(), "text/plain", body, now);
  }
  void websocket_text(WebSocketId websocket, std::string_view text) {
    if (text == "5" && !lost.empty()) return;  // a client waits for the end of its poll first
    if (websocket == session.websocket() && text.starts_with("3")) pong();
    session.on_websocket_text(websocket, text, now);
  }
  void write(std::size_t most) {
    if (session.transport() != Transport::websocket || session.websocket() == 0) return;
    while (!session.queue().empty() && most > 0) {
      const std::size_t rest = session.queue().front_rest().size();
      const std::size_t part = std::min(rest, most);
      if (part == rest) got(session.queue().front()->packet());
      session.on_pings_written(session.queue().consume(part), now);
      most -= part;
    }
  }
  void end_of_turn() {
    session.flush(now);
    if (!stamped) lose_connection();
    require(closed == !session.open());
    if (session.next_deadline() <= now) session.on_timer(now);
  }
};

void step(World& world, std::uint8_t op, std::uint8_t argument) {
  static constexpr std::string_view kTexts[] = {"2probe",
                                                "5",
                                                "3",
                                                "4s",
                                                "4c",
                                                "1",
                                                "2",
                                                "",
                                                "4",
                                                "bAQ",
                                                "6",
                                                "x",
                                                "4s\x1e"
                                                "4s",
                                                "3\x1e"
                                                "4s",
                                                "4s\x1e",
                                                "4"};
  const WebSocketId websocket = 1 + argument % 2;
  const std::string_view text = kTexts[(argument >> 1) % 16];
  switch (op % 16) {
    case 0:
      world.losing = argument % 4 == 3;
      return world.get();
    case 1:
      return argument % 2 == 0 ? world.get() : world.get_again();
    case 2:
      return world.post(text);
    case 3:
      return argument % 4 == 3 ? world.post_again() : world.post("3");
    case 4:
      static_cast<void>(world.session.on_upgrade_request(websocket, world.now));
      return;
    case 5:
      return world.websocket_text(websocket, text);
    case 6:
      return world.websocket_text(1, "2probe");
    case 7:
      return world.websocket_text(1, "5");
    case 8:
      world.session.on_websocket_closed(websocket, CloseReason::transport_close, world.now);
      return;
    case 9:
    case 10:
      return world.send();
    case 11:
      if (world.marker < 255) {
        world.sent_at_marker[++world.marker] = world.sent;
        world.session.confirm(world.marker);
      }
      return;
    case 12:
      return world.write(argument);
    case 13:
      world.now += Milliseconds(argument * 200);
      world.draining = argument % 8 == 7;
      return world.session.on_timer(world.now);
    case 14:
      if (argument < 32 && !world.unanswered.empty()) {
        const std::uint32_t gone = *world.unanswered.begin();
        world.unanswered.erase(gone);
        world.session.on_request_gone({.number = gone}, world.now);
      } else if (argument < 64) {
        world.session.on_websocket_binary(websocket, "x", world.now);
      } else if (argument < 96) {
        world.session.set_reading(argument % 2 == 0, world.now);
      }
      return;
    default:
      if (argument == 1) world.session.close(CloseReason::server_shutting_down, world.now);
      if (argument == 2) world.session.on_bad_request(world.request(), 413, world.now);
      if (argument == 3) world.session.on_bad_request(world.request(), 400, world.now);
      if (argument == 4) world.lose_connection();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool websocket = data[0] % 4 == 0;
  World world(websocket ? Transport::websocket : Transport::polling, data[0] % 8 < 6);
  if (websocket) world.session.attach_websocket(1);
  for (std::size_t i = 1; i + 1 < size; i += 2) {
    step(world, data[i], data[i + 1]);
    if (data[i] < 128 || !world.lost.empty()) world.end_of_turn();
  }
  world.end_of_turn();
  world.losing = false;
  if (!world.stamped) world.lose_connection();
  while (world.session.open() && !(world.session.queue().empty() && world.lost.empty())) {
    if (world.session.transport() == Transport::polling) world.get();
    world.write(SIZE_MAX);
    world.session.flush(world.now);
  }
  if (world.session.open()) require(world.received == world.sent);
  world.session.close(CloseReason::forced_close, world.now);
  world.session.on_timer(world.now + std::chrono::hours(1));
  require(world.closed);
  require(world.unanswered.empty());
  return 0;
}
