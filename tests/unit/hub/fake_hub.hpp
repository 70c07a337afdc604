#pragma once
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "auth/jwt.hpp"
#include "hub/client.hpp"
#include "hub/local_sockets.hpp"
#include "support/packed_lines.hpp"
#include "unit/users/fake_mailboxes.hpp"
#include "users/encode.hpp"

// A hub without I/O: clients that are lists of what was sent.
namespace signalbox::hub::test {

using users::test::FakeMailboxes;
using users::test::test_now;
using users::test::test_shard;

inline std::chrono::system_clock::time_point wall_now() {
  static const auto start = std::chrono::system_clock::now();
  static const TimePoint steady_start = test_now;
  return start + std::chrono::duration_cast<std::chrono::system_clock::duration>(test_now - steady_start);
}
inline const std::string kSecret = "0123456789abcdef0123456789abcdef";

/// Nobody hears who comes and goes.
inline Config quiet_config() {
  Config config;
  config.presence_events = false;
  return config;
}

/// A small ledger refuses no outcome, unless a test says how many may be unread.
inline Config with_room_for_unread(Config config) {
  if (config.unread_total_bytes == 0) config.unread_total_bytes = SIZE_MAX;
  return config;
}

struct FakeHub {
  explicit FakeHub(Config wanted = {}, unsigned shards = 2)
      : config(with_room_for_unread(std::move(wanted))),
        mailboxes(shards),
        directory(mailboxes, config),
        hub{.config = config, .directory = directory, .registry = registry, .mailboxes = mailboxes} {
    config.jwt_secret = kSecret;
    for (unsigned shard = 0; shard < shards; ++shard) {
      locals.push_back(std::make_unique<LocalSockets>(hub, shard));
      hub.shards.push_back(locals.back().get());
    }
    hub.clocks = {.steady = [] { return test_now; }, .wall = wall_now};
    for (auto& local : locals) local->outboxes().open();
    hub.emitter.set_running(true);
  }
  EventRegistry events(const std::string& nsp = "/") { return registry.events(nsp); }
  /// Every shard takes what lies in its mailbox, until all are empty.
  void deliver() {
    while (std::ranges::any_of(mailboxes.boxes, [](const auto& box) { return !box.empty(); })) {
      for (unsigned shard = 0; shard < mailboxes.shards(); ++shard) {
        while (deliver_one(shard)) continue;
      }
    }
  }
  /// The shards' next turn, as far as questions wait for one.
  void turn() {
    for (auto& local : locals) local->questions().on_timer(test_now);
    deliver();
  }
  /// False: there is none in that shard's mailbox.
  bool deliver_one(unsigned shard) {
    if (mailboxes.boxes[shard].empty()) return false;
    Message message = std::move(mailboxes.boxes[shard].front());
    mailboxes.boxes[shard].pop_front();
    test_shard = static_cast<int>(shard);
    message.kind == Message::Kind::task ? message.rest->task() : locals[shard]->on_message(message);
    locals[shard]->presence().on_timer(test_now);
    test_shard = 0;
    return true;
  }

  Config config;
  Registry registry;
  FakeMailboxes mailboxes;
  users::Directory directory;
  Hub hub;
  std::vector<std::unique_ptr<LocalSockets>> locals;
};

/// A client as its transport sees it.
class FakeClient final : public Client {
  struct FakeTap final : Tap {
    explicit FakeTap(FakeClient& of) : client(of) {}
    ~FakeTap() override { client.watcher = nullptr; }
    FakeClient& client;
  };

 public:
  explicit FakeClient(FakeHub& hub, unsigned shard = 0, std::string fields = {})
      : Client(*hub.hub.shards[shard],
               {packed_lines("/socket.io/?EIO=4&transport=websocket&token=query\nHost:x\n" + fields), "10.0.0.1",
                1'700'000'000'000},
               test_now) {}
  ~FakeClient() override {
    if (!closed) close(CloseReason::transport_close, test_now);
  }

  void send(FrameRef frame) override {
    sent.push_back(frame->binary() ? "b:" + std::string(frame->packet()) : std::string(frame->packet()));
  }
  void send_kept(FrameRef frame) override { send(std::move(frame)); }
  std::size_t waiting() const override { return waits; }
  std::size_t held() const override { return waits; }
  void confirm(std::uint32_t asked) override { marker = asked; }
  bool wants(std::uint32_t asked) const override { return asked == waiting_marker; }
  void close(CloseReason reason, TimePoint now) override {
    closed = reason;
    client.on_closed(reason, now);
  }
  void set_authenticated(bool whether) override { authenticated = whether; }
  void set_user(std::string_view) override {}
  void set_reading(bool wanted) override { reading = wanted; }
  void set_partial(std::size_t bytes) override { partial = bytes; }
  void deadline_changed() override {}
  bool over_websocket() const override { return websocket; }
  std::unique_ptr<Tap> tap(Watcher& wants_it) override {
    watcher = &wants_it;
    return std::make_unique<FakeTap>(*this);
  }

  void text(std::string_view message) {
    if (watcher) watcher->on_text(message);
    client.on_text(message, test_now);
  }
  void binary(std::string_view bytes) {
    if (watcher) watcher->on_binary(bytes);
    client.on_binary(bytes, test_now);
  }
  /// The answer to the ping of that marker.
  void pong(std::uint32_t answered) {
    if (watcher) watcher->on_received(answered);
    client.on_received(answered, test_now);
  }
  /// What was sent since the last call; socket ids, which are random, read SID.
  std::vector<std::string> take() {
    for (std::string& packet : sent) {
      const auto at = packet.find("\"sid\":\"");
      if (at != packet.npos) packet.replace(at + 7, 20, "SID");
    }
    return std::exchange(sent, {});
  }
  void log_in(std::string_view user, std::string_view nsp = "") {
    text('0' + std::string(nsp) + R"({"token":")" +
         auth::sign_hs256(R"({"id":")" + std::string(user) + "\"}", kSecret) + "\"}");
  }

  std::vector<std::string> sent;
  bool authenticated = false;
  std::uint32_t marker = 0;          ///< of the receipt that was asked for last
  std::uint32_t waiting_marker = 0;  ///< the same while its ping waits for another one, if a test says so
  bool reading = true;
  std::size_t partial = 0;
  std::size_t waits = 0;  ///< bytes, as its transport would say
  bool websocket = true;
  Watcher* watcher = nullptr;  ///< null: nobody has tapped it
  std::optional<CloseReason> closed;
  Client& client = *this;
};

using Packets = std::vector<std::string>;

}  // namespace signalbox::hub::test
