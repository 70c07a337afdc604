#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engineio/sid.hpp"
#include "net/shard.hpp"
#include "server/assembly.hpp"
#include "support/masked_frame.hpp"
#include "support/memory_network.hpp"
#include "support/server_frames.hpp"

// A whole server, sessions and hub, on two shards over a network in memory, where time is the test's.
namespace signalbox::server::test {

using signalbox::test::masked_frame;
using std::chrono::seconds;

inline TimePoint sim_now{};
inline int sim_shard = -1;

inline Config sim_config() {
  Config config;
  config.threads = 2;
  config.data_dir.clear();
  return config;
}

/// Clocks that follow the test's.
inline Clocks sim_clocks() {
  const auto now = [] {
    return std::int64_t{std::chrono::duration_cast<Milliseconds>(sim_now.time_since_epoch()).count()};
  };
  return {.hub = {.steady = [] { return sim_now; }}, .ledger = {.wall = now, .steady = now}};
}

/// Logs in whom the query names: tokens have their own tests.
inline std::expected<void, ConnectRefusal> by_name(ConnectRequest& request) {
  request.set_user(request.query("name"), "{}");
  return {};
}

class ServerWorld final : public net::Network {
 public:
  explicit ServerWorld(Config given = sim_config(), std::initializer_list<const char*> namespaces = {"/"})
      : config(std::move(given)), house_(config, *this, sim_clocks()) {
    for (const char* nsp : namespaces) {
      house_.registry.open(nsp);
      house_.registry.events(nsp).without_jwt().use(by_name);
    }
    house_.registry.start(config);
    shared_.limits.connections.set(1000);
    shared_.limits.unauthenticated.set(1000);
    hub.emitter.set_running(true);
    sim_now = network_.now;
    for (unsigned i = 0; i < 2; ++i) {
      auto kernel = std::make_unique<net::test::MemoryKernel>(network_);
      kernels_.push_back(kernel.get());
      shared_.shards.push_back(std::make_unique<net::Shard>(shared_, std::move(kernel)));
      shared_.shards[i]->set_application(house_.shard(i));
      shared_.shards[i]->add_listener(1);
    }
    if (!config.admin_key.empty()) shared_.shards[0]->add_listener(kAdminListener, net::Door::admin);
  }
  ~ServerWorld() override {
    for (auto& shard : shared_.shards) shard->begin_stop();
    for (int i = 0; i < 3; ++i) pass(seconds(2));
    EXPECT_TRUE(network_.sockets.empty());
    EXPECT_EQ(
        shared_.connections + shared_.sessions + shared_.unauthenticated + shared_.partial.all + shared_.queued.all,
        0u);
    EXPECT_EQ(shared_.partial.unauthenticated, 0u);
    EXPECT_EQ(shared_.queued.unauthenticated, 0u);
    EXPECT_EQ(shared_.behind, 0);
    EXPECT_EQ(counters().timers, 0u);
  }

  void turn(int times = 1) {
    for (; times > 0; --times) {
      for (sim_shard = 0; sim_shard < 2; ++sim_shard) {
        auto& shard = *shared_.shards[static_cast<unsigned>(sim_shard)];
        if (!shard.stopped()) shard.turn();
      }
      sim_shard = -1;
    }
  }
  void pass(Milliseconds time) {
    network_.now += time;
    sim_now = network_.now;
    turn(4);
  }
  net::test::MemoryNetwork& network() { return network_; }
  net::test::MemoryKernel& kernel(unsigned shard) { return *kernels_[shard]; }
  int connect(unsigned shard) { return kernels_[shard]->connect({}); }
  /// To ADMIN_PORT.
  int connect_admin() { return kernels_[0]->connect({}, kAdminListener); }
  net::test::MemoryNetwork::Socket* socket(int fd) {
    const auto found = network_.sockets.find(fd);
    return found == network_.sockets.end() ? nullptr : &found->second;
  }
  std::string last_words(int fd) { return std::exchange(network_.last_words[fd], {}); }

  // net::Network, on the shard whose turn it is.
  void start() override {}
  void drain(Milliseconds, std::function<void()>) override {}
  void stop() override {}
  std::uint16_t port() const override { return 0; }
  std::uint16_t side_port(net::Door) const override { return 0; }
  Adoption adopt(net::Stream, std::string, std::string, const net::PeerAddress&) override {
    return Adoption::not_running;
  }
  std::optional<Counted> place() override { return shared_.place(); }
  PendingRequest request(std::string, std::string, const net::PeerAddress&, HttpReply) override { return {}; }
  void asker_gone(const PendingRequest&) override {}
  unsigned shards() const override { return 2; }
  bool post(unsigned shard, Message&& message) override { return shared_.shards[shard]->post(std::move(message)); }
  bool deliver(std::span<const SocketRef> to, FrameRef& frame, std::uint64_t number, bool room_seen) override {
    return reactor::Loop::deliver(shared_.loops, to, frame, number, room_seen);
  }
  void deliver_own() override { reactor::Loop::deliver_own(); }
  bool has_room(unsigned shard, std::size_t count) const override { return shared_.shards[shard]->has_room(count); }
  int current_shard() const override { return sim_shard; }
  void answer(const net::RequestId& id, net::Response response) override {
    shared_.shards[id.shard]->answer(id, std::move(response));
  }
  void stream(const net::RequestId& id, net::Response head, std::unique_ptr<net::BodySource> body) override {
    shared_.shards[id.shard]->stream(id, head, std::move(body));
  }
  void go_on(const net::RequestId& id) override { shared_.shards[id.shard]->http().go_on(id); }
  Counters counters() const override { return net::counters_of(shared_); }
  const net::Limits& limits() const override { return shared_.limits; }
  Times times() const override { return net::times_of(shared_); }

  const Config config;

 private:
  static constexpr int kAdminListener = 2;

  net::test::MemoryNetwork network_;
  Assembly house_;

 public:
  users::Directory& directory = house_.directory;
  hub::Hub& hub = house_.hub;

 private:
  net::Shared shared_{config};
  std::vector<net::test::MemoryKernel*> kernels_;
};

/// A browser's socket: logs in over a WebSocket and, while it is `awake`, answers pings.
class Browser {
 public:
  Browser(ServerWorld& world, const std::string& name, unsigned shard = 0) : world_(world), fd_(world.connect(shard)) {
    world.turn();
    write("GET /socket.io/?EIO=4&transport=websocket&name=" + name +
          " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
          "13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    world.turn();
  }
  void login() { send("40"); }
  void send(std::string_view message) {
    write(masked_frame(0x81, message));
    world_.turn();
  }
  /// The line is cut, and the server's kernel knows it.
  void cut() {
    if (auto* socket = world_.socket(fd_)) socket->broken = true;
    world_.turn();
  }
  bool gone() const { return !world_.socket(fd_); }
  /// Its line, as the server's kernel has it; null: gone.
  net::test::MemoryNetwork::Socket* socket() { return world_.socket(fd_); }
  /// What came since the last call, without Engine.IO's own packets; bytes as "b:" and these.
  std::vector<std::string> heard() {
    if (auto* socket = world_.socket(fd_)) {
      in_ += std::exchange(socket->out, {});
    } else {
      in_ += world_.last_words(fd_);
    }
    if (!open_) {
      const auto end = in_.find("\r\n\r\n");
      if (end == std::string::npos) return {};
      in_.erase(0, end + 4);
      open_ = true;
    }
    std::vector<std::string> out;
    while (auto frame = signalbox::test::take_frame(in_)) {
      if (frame->opcode == 8) write(masked_frame(0x88, frame->payload));
      if (frame->opcode == 2) out.push_back("b:" + frame->payload);
      if (frame->opcode != 1) continue;
      if (frame->payload == "2" && awake) write(masked_frame(0x81, "3"));
      if (frame->payload.starts_with('4')) out.push_back(std::move(frame->payload));
    }
    return out;
  }

  bool awake = true;

 private:
  void write(std::string_view bytes) {
    if (auto* socket = world_.socket(fd_)) socket->in += bytes;
  }

  ServerWorld& world_;
  int fd_;
  std::string in_;
  bool open_ = false;
};

}  // namespace signalbox::server::test
