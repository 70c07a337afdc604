#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/shard.hpp"
#include "support/masked_frame.hpp"
#include "support/memory_network.hpp"

// One shard over a network in memory, where time is the test's.
namespace signalbox::net::test {

using signalbox::test::masked_frame;
using std::chrono::seconds;

inline const std::string kClosed1000{'\x88', '\x02', '\x03', '\xe8'};  ///< a close frame

/// Sends back what it gets; "login", "leave", "as NAME", "pause" and "hold" are orders to its shard.
class EchoWithOrders final : public engineio::SessionHandler {
 public:
  EchoWithOrders(SessionControl& control, engineio::Session& session, std::function<void(CloseReason)> on_end)
      : control_(control), session_(session), on_end_(std::move(on_end)) {}
  void on_text(std::string_view message, TimePoint) override {
    if (message == "login" || message == "leave") control_.set_authenticated(message == "login");
    if (message.starts_with("as ")) control_.set_user(std::hash<std::string_view>{}(message));
    if (message == "pause") control_.set_reading(false);
    if (message == "hold") control_.set_partial(700);
    session_.send(make_frame(false, FrameKind::event, {}, "4", message));
  }
  void on_binary(std::string_view, TimePoint) override {}
  void on_closed(CloseReason reason, TimePoint) override { on_end_(reason); }
  void on_received(std::uint32_t, TimePoint) override {}
  TimePoint next_deadline() const override { return kNever; }
  void on_timer(TimePoint) override {}

 private:
  SessionControl& control_;
  engineio::Session& session_;
  std::function<void(CloseReason)> on_end_;
};

struct World {
  explicit World(Options options = {}) : shared(std::move(options)) {
    if (shared.limits.connections.value() == 0) shared.limits.connections.set(1000);
    if (shared.limits.unauthenticated.value() == 0) shared.limits.unauthenticated.set(1000);
    auto own = std::make_unique<MemoryKernel>(network);
    kernel = own.get();
    shared.shards.push_back(std::make_unique<Shard>(shared, std::move(own)));
    shard().set_application(std::make_unique<Application>(*this));
    shard().add_listener(1);
  }
  ~World() {
    shard().begin_stop();
    for (int i = 0; i < 3 && !shard().stopped(); ++i) pass(seconds(2));
    EXPECT_TRUE(shard().stopped());
    EXPECT_TRUE(network.sockets.empty());
    EXPECT_EQ(shared.connections + shared.sessions + shared.unauthenticated + shared.refused, 0u);
    EXPECT_EQ(shared.partial.all + shared.queued.all, 0u);
    EXPECT_EQ(shared.partial.unauthenticated, 0u);
    EXPECT_EQ(shared.queued.unauthenticated, 0u);
    EXPECT_EQ(shard().timers(), 0u);
  }

  Shard& shard() { return *shared.shards[0]; }
  void turn(int times = 1) {
    while (times-- > 0) shard().turn();
  }
  void pass(Milliseconds time) {
    network.now += time;
    turn(2);
  }
  int connect(unsigned char address = 1) {
    PeerAddress peer{};
    peer[15] = address;
    const int fd = kernel->connect(peer);
    turn();
    return fd;
  }
  void send(int fd, std::string_view bytes) {
    network.at(fd).in += bytes;
    turn(2);
  }
  void message(int fd, std::string_view text) { send(fd, masked_frame(0x81, text)); }
  bool gone(int fd) const { return !network.sockets.contains(fd); }
  /// What the server has written since the last call.
  std::string take(int fd) { return std::exchange(gone(fd) ? network.last_words[fd] : network.at(fd).out, {}); }
  std::string status(int fd) {
    const auto answer = take(fd);
    return answer.size() < 12 ? answer : answer.substr(9, 3);
  }
  int websocket(unsigned char address = 1) {
    const int fd = connect(address);
    send(fd,
         "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
         "Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    first_answer = take(fd);
    return fd;
  }

  /// A WebSocket that is logged in.
  int logged_in() {
    const int fd = websocket();
    message(fd, "4login");
    take(fd);
    return fd;
  }

  struct Application final : ShardApplication {
    explicit Application(World& owner) : world(owner) {}
    std::unique_ptr<engineio::SessionHandler> on_session(engineio::Session& opened, SessionControl& of_session,
                                                         HandshakeRequest, TimePoint) override {
      world.session = &opened;
      world.control = &of_session;
      return std::make_unique<EchoWithOrders>(of_session, opened, [this](CloseReason reason) {
        world.ends.push_back(reason);
        if (world.at_end) world.at_end();
      });
    }
    void on_message(Message& message, TimePoint) override { world.delivered.push_back(message.number); }
    std::optional<Response> on_head(const RequestHead& head, Admission& admission) override {
      if (head.path == "/worker") admission.standing = Standing::api_key;
      return std::nullopt;
    }
    Response refusal(int status, Door) override { return {.status = status, .fields = {}, .body = "refused"}; }
    void on_request(const RequestHead&, std::string_view body, const RequestId& id, TimePoint) override {
      world.shard().answer(id, {.status = 200, .fields = {}, .body = std::string(body)});
    }
    void add_cors(const RequestHead&, HttpFields&) override {}
    bool origin_allowed(const RequestHead&) override { return true; }
    TimePoint next_deadline() const override { return kNever; }
    void on_timer(TimePoint) override {}
    World& world;
  };

  MemoryNetwork network;
  Shared shared;
  MemoryKernel* kernel = nullptr;
  engineio::Session* session = nullptr;  ///< the newest
  SessionControl* control = nullptr;     ///< its
  std::vector<CloseReason> ends;
  std::function<void()> at_end{};  ///< called when a session has ended
  std::string first_answer;
  std::vector<std::uint64_t> delivered;  ///< the numbers of the messages that were, in their order
};

}  // namespace signalbox::net::test
