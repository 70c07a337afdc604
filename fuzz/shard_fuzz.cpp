// Two whole shards over a network in memory, under any sequence of connects, bytes, resets, ends, full send buffers,
// time, answers that come late, and an application that sends, closes, stops reading and holds bytes. What must hold:
// each session has one on_closed(), no descriptor is used after its close or left open, all ends by itself where nobody
// says anything any more, and then every count is nought.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/shard.hpp"
#include "support/masked_frame.hpp"
#include "support/memory_network.hpp"

namespace {

using namespace signalbox;
using namespace signalbox::net;
using net::test::MemoryKernel;
using net::test::MemoryNetwork;

void require(bool condition) {
  if (!condition) std::abort();
}

struct World;

struct Handler final : engineio::SessionHandler {
  Handler(World& owner, SessionControl& of, engineio::Session& its) : world(owner), control(of), session(its) {}
  ~Handler() override { require(closed); }
  void on_text(std::string_view message, TimePoint now) override;
  void on_binary(std::string_view bytes, TimePoint now) override { on_text(bytes, now); }
  void on_closed(CloseReason, TimePoint) override;
  void on_received(std::uint32_t, TimePoint) override { require(!closed); }
  TimePoint next_deadline() const override { return read_again; }
  void on_timer(TimePoint) override {
    require(!closed);
    read_again = kNever;
    control.set_reading(true);
  }

  World& world;
  SessionControl& control;
  engineio::Session& session;
  TimePoint read_again = kNever;
  bool closed = false;
};

struct Application final : ShardApplication {
  Application(World& owner, unsigned index) : world(owner), shard(index) {}
  std::unique_ptr<engineio::SessionHandler> on_session(engineio::Session& session, SessionControl& control,
                                                       HandshakeRequest, TimePoint) override;
  void on_message(Message&, TimePoint) override {}
  std::optional<Response> on_head(const RequestHead& head, Admission& admission) override {
    if (head.path == "/no") return Response{.status = 401, .fields = {}, .body = "no"};
    admission.max_body = 100;
    if (head.path == "/key") admission.standing = Standing::api_key;
    return std::nullopt;
  }
  Response refusal(int status, Door) override { return {.status = status, .fields = {}, .body = "refused"}; }
  void on_request(const RequestHead& head, std::string_view body, const RequestId& id, TimePoint) override;
  void add_cors(const RequestHead&, HttpFields& out) override { out.emplace_back("Vary", "Origin"); }
  bool origin_allowed(const RequestHead& head) override { return !head.field("Origin"); }
  TimePoint next_deadline() const override { return kNever; }
  void on_timer(TimePoint) override {}

  World& world;
  unsigned shard;
};

struct World {
  MemoryNetwork network;
  Shared shared{options()};
  std::vector<MemoryKernel*> kernels;
  std::vector<int> peers;
  std::vector<std::string> sids;
  std::vector<Handler*> open;
  std::vector<RequestId> late;
  int opened = 0, ended = 0;

  static Options options() {
    Options out;
    out.session.max_payload_bytes = 2000;
    out.session.polling_max_received = 10;
    out.session.send_queue_bytes = 3000;
    out.session.total_queue_bytes = 5000;
    out.max_head_bytes = 1000;
    out.max_connections = 8;
    out.max_unauthenticated = 3;
    out.max_unauthenticated_per_address = 4;
    out.total_partial_bytes = 3000;
    out.preauth_message_bytes = 500;
    out.max_fragments = 5;
    return out;
  }

  World() {
    for (unsigned i = 0; i < 2; ++i) {
      auto kernel = std::make_unique<MemoryKernel>(network);
      kernels.push_back(kernel.get());
      shared.shards.push_back(std::make_unique<Shard>(shared, std::move(kernel)));
      shared.shards.back()->set_application(std::make_unique<Application>(*this, i));
      shared.shards.back()->add_listener(1);
    }
  }
  MemoryNetwork::Socket* socket(std::uint8_t which) {
    if (peers.empty()) return nullptr;
    const auto found = network.sockets.find(peers[which % peers.size()]);
    return found == network.sockets.end() ? nullptr : &found->second;
  }
  void turn() {
    for (auto& shard : shared.shards)
      if (!shard->stopped()) shard->turn();
  }
  // All is answered, and no peer says anything any more.
  void fall_silent() {
    for (int i = 0; i < 30; ++i) {
      for (const RequestId& id : std::exchange(late, {}))
        shared.shards[id.shard]->answer(id, {.status = 200, .fields = {}, .body = "late"});
      network.now += Milliseconds(40'000);
      for (int j = 0; j < 3; ++j) turn();
    }
    require(network.sockets.empty() && shared.connections == 0 && shared.sessions == 0);
  }
  void finish() {
    for (auto& shard : shared.shards) shard->begin_stop();
    for (int i = 0; i < 3; ++i) {
      turn();
      network.now += Milliseconds(2000);
    }
    for (auto& shard : shared.shards) require(shard->stopped());
    for (auto* kernel : kernels) kernel->drop_waiting();
    require(opened == ended && open.empty());
    require(network.sockets.empty());
    require(shared.connections == 0 && shared.sessions == 0 && shared.unauthenticated == 0 && shared.refused == 0);
    require(shared.partial.all == 0 && shared.queued.all == 0);
    require(shared.partial.unauthenticated == 0 && shared.queued.unauthenticated == 0);
  }
};

void Handler::on_text(std::string_view message, TimePoint now) {
  require(!closed);
  if (message.starts_with("close")) return session.close(CloseReason::forced_close, now);
  if (message.starts_with("login")) control.set_authenticated(true);
  if (message.starts_with("leave")) control.set_authenticated(false);
  if (message.starts_with("hold")) control.set_partial(message.size() * 100);
  if (message.starts_with("free")) control.set_partial(0);
  if (message.starts_with("wait")) {
    control.set_reading(false);
    read_again = now + Milliseconds(500);
    session.deadline_changed();
  }
  session.send(make_frame(false, FrameKind::event, {}, "4", message));
}

void Handler::on_closed(CloseReason, TimePoint) {
  require(!closed);
  closed = true;
  ++world.ended;
  std::erase(world.open, this);
}

std::unique_ptr<engineio::SessionHandler> Application::on_session(engineio::Session& session, SessionControl& control,
                                                                  HandshakeRequest, TimePoint) {
  ++world.opened;
  world.sids.emplace_back(session.sid());
  auto handler = std::make_unique<Handler>(world, control, session);
  world.open.push_back(handler.get());
  return handler;
}

void Application::on_request(const RequestHead& head, std::string_view body, const RequestId& id, TimePoint) {
  if (head.path == "/late") return world.late.push_back(id);
  world.shared.shards[shard]->answer(id, {.status = 200, .fields = {}, .body = std::string(body)});
}

std::string request(std::string_view method, std::string target, std::string_view body, std::string_view fields = {}) {
  std::string out(method);
  out += ' ' + target + " HTTP/1.1\r\nHost: x\r\n" + std::string(fields);
  if (!body.empty()) out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + std::string(body);
}

constexpr std::string_view kUpgrade =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
    "dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Something that a client may say, whole.
std::string saying(World& world, std::uint8_t what, std::uint8_t which) {
  std::string sid = world.sids.empty() ? "" : "&sid=" + world.sids[which % world.sids.size()];
  if (which % 4 != 0) sid += "&t=" + std::to_string(which % 8);  // often that of the request before
  const std::string polling = "/socket.io/?EIO=4&transport=polling", webs = "/socket.io/?EIO=4&transport=websocket";
  static const std::string_view messages[] = {"2probe", "5",     "3", "4x", "4login", "4close", "4wait",
                                              "4hold",  "4free", "1", "2",  "",       "x",      "4longer text"};
  const std::string_view message = messages[(which >> 2) % std::size(messages)];
  switch (what % 12) {
    case 0:
      return request("GET", polling, {});
    case 1:
      return request("GET", webs, {}, kUpgrade);
    case 2:
      return request("GET", polling + sid, {});
    case 3:
      return request("POST", polling + sid, message.empty() ? "4login" : message);
    case 4:
      return request("GET", webs + sid, {}, kUpgrade);
    case 5:
    case 6:
      return signalbox::test::masked_frame(0x81, message);
    case 7:
      return signalbox::test::masked_frame(which % 2 ? 0x89 : 0x82, message);
    case 8:
      return signalbox::test::masked_frame(which % 2 ? 0x88 : 0x01, which % 3 ? "" : "\x03\xe8");
    case 9:
      return request("GET", which % 2 ? "/late" : "/now", {});
    case 10:
      return request("POST", which % 3 == 0 ? "/no" : which % 3 == 1 ? "/late" : "/now", std::string(which, 'b'));
    default:
      return request("POST", polling + sid, std::string(300, '3'));
  }
}

void step(World& world, std::uint8_t op, std::uint8_t a, std::uint8_t b) {
  auto* socket = world.socket(a);
  switch (op % 16) {
    case 0:
    case 1: {
      PeerAddress peer{};
      peer[15] = b % 3;
      world.peers.push_back(world.kernels[a % 2]->connect(peer));
      return;
    }
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      if (socket && !socket->ended && !socket->broken) socket->in += saying(world, op / 16, b);
      return;
    case 7:
      if (socket && !socket->ended && !socket->broken) {
        const std::string whole = saying(world, op / 16, b);
        socket->in += whole.substr(0, whole.size() * (b % 7) / 7);
      }
      return;
    case 8:
      if (socket) socket->broken = true;
      return;
    case 9:
      if (!socket) return;
      socket->ended = true;
      socket->unacknowledged = b % 3;
      return;
    case 10:
      if (socket) socket->room = b % 4 == 0 ? SIZE_MAX : b % 4 == 1 ? 0 : b;
      return;
    case 11:
      world.network.now += Milliseconds(b * (op >= 128 ? 10 : 200));
      return;
    case 12:
      if (world.late.empty()) return;
      world.shared.shards[world.late.front().shard]->answer(world.late.front(),
                                                            {.status = 200, .fields = {}, .body = "late"});
      world.late.erase(world.late.begin());
      return;
    case 13:
      if (world.open.empty()) return;
      world.open[a % world.open.size()]->session.send(text_frame("4" + std::string(b * 4u, 'e')));
      return;
    case 14:
      if (socket && !socket->ended && !socket->broken) socket->in += static_cast<char>(b);
      return;
    default:
      if (b == 0) world.kernels[a % 2]->accept_error = EMFILE;
      if (b == 1) world.kernels[a % 2]->accept_error = ECONNABORTED;
      if (b == 2 && !world.open.empty()) world.open[a % world.open.size()]->session.confirm(1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 3000) return 0;
  World world;
  for (std::size_t i = 0; i + 2 < size; i += 3) {
    step(world, data[i], data[i + 1], data[i + 2]);
    if (data[i + 1] < 200) world.turn();
  }
  world.fall_silent();
  world.finish();
  return 0;
}
