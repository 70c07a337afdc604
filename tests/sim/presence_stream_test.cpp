// GET /api/presence as a stream of events, while users come and go.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <signalbox/json.hpp>

#include "server_world.hpp"

namespace signalbox::server::test {
namespace {

Config with_key(bool presence_events = true) {
  Config config = sim_config();
  config.api_key = "key";
  config.presence_events = presence_events;
  config.presence_grace = Milliseconds(0);
  return config;
}

/// Follows who is online, as a worker does.
class Follower {
 public:
  explicit Follower(ServerWorld& world, unsigned shard = 0, std::string method = "GET")
      : world_(world), fd_(world.connect(shard)) {
    world.turn();
    world.socket(fd_)->in = method +
                            " /api/presence HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key\r\n"
                            "Accept: application/json, Text/Event-Stream; q=0.9\r\n\r\n";
  }
  /// Takes what came, chunk by chunk and event by event.
  void read() {
    in_ += world_.socket(fd_) ? std::exchange(world_.socket(fd_)->out, {}) : world_.last_words(fd_);
    if (head.empty()) {
      const auto end = in_.find("\r\n\r\n");
      if (end == std::string::npos) return;
      head = in_.substr(0, end + 4);
      in_.erase(0, end + 4);
    }
    while (take_chunk()) {
    }
    for (std::size_t end; (end = text_.find("\n\n")) != std::string::npos; text_.erase(0, end + 2))
      hear(text_.substr(0, end));
  }
  /// The line is gone, or the answer has its end.
  bool gone() const { return ended || !world_.socket(fd_); }
  void cut() { world_.socket(fd_)->broken = true; }
  net::test::MemoryNetwork::Socket* socket() { return world_.socket(fd_); }

  std::string head;
  std::vector<std::string> events;  ///< their names
  std::set<std::string> online;
  std::size_t comments = 0;
  bool ready = false;
  bool ended = false;

 private:
  bool take_chunk() {
    const auto line = in_.find("\r\n");
    if (line == std::string::npos) return false;
    std::size_t size = 0;
    std::from_chars(in_.data(), in_.data() + line, size, 16);
    if (in_.size() < line + 2 + size + 2) return false;
    text_ += in_.substr(line + 2, size);
    in_.erase(0, line + 2 + size + 2);
    ended = ended || size == 0;
    return true;
  }
  void hear(const std::string& event) {
    if (event == ":") return void(++comments);
    const auto line = event.find('\n');
    const std::string name = event.substr(7, line - 7);
    const json data = json::parse(event.substr(line + 7));
    events.push_back(name);
    if (name == "ready") ready = true;
    if (name == "snapshot") {
      EXPECT_FALSE(ready) << "it is told in one go";
      EXPECT_LE(data["users"].size(), 1000u);
      for (const auto& user : data["users"]) EXPECT_TRUE(online.insert(user).second) << "told twice: " << user;
    }
    if (name == "online") online.insert(data["userId"].get<std::string>());
    if (name == "offline") online.erase(data["userId"].get<std::string>());
    if (name == "online" || name == "offline") {
      EXPECT_TRUE(ready) << "only behind the snapshot";
    }
  }

  ServerWorld& world_;
  int fd_;
  std::string in_, text_;
};

/// Users who come and go straight in the directory.
struct Crowd {
  explicit Crowd(ServerWorld& w) : world(w) {}
  static std::string name(std::size_t i) { return "user-" + std::to_string(i); }
  static SocketRef socket(std::size_t i) { return {.shard = 0, .slot = 100'000 + static_cast<std::uint32_t>(i)}; }
  void come(std::size_t i) {
    joined[i] = world.directory.sockets.join(name(i), socket(i)).user;
    online.insert(name(i));
  }
  void go(std::size_t i) {
    world.directory.sockets.leave(joined[i], socket(i), sim_now);
    online.erase(name(i));
  }

  ServerWorld& world;
  std::set<std::string> online;
  std::unordered_map<std::size_t, const users::User*> joined;
};

TEST(PresenceStream, tells_who_is_online_and_then_who_comes_and_who_goes) {
  for (const bool presence_events : {true, false}) {
    ServerWorld world(with_key(presence_events));
    Browser ada(world, "ada", 1);
    ada.login();
    Follower follower(world);
    world.turn(3);
    follower.read();
    EXPECT_EQ(follower.events, (std::vector<std::string>{"snapshot", "ready"}));
    EXPECT_EQ(follower.online, std::set<std::string>{"ada"});
    Browser grace(world, "grace");
    grace.login();
    ada.cut();
    world.pass(Milliseconds(10));
    follower.read();
    EXPECT_EQ(follower.events, (std::vector<std::string>{"snapshot", "ready", "online", "offline"}));
    EXPECT_EQ(follower.online, std::set<std::string>{"grace"});
  }
}

TEST(PresenceStream, says_what_it_is_and_that_it_is_not_to_be_kept) {
  ServerWorld world(with_key());
  Follower follower(world);
  world.turn(3);
  follower.read();
  for (const char* field : {"HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Cache-Control: no-store",
                            "X-Accel-Buffering: no", "Transfer-Encoding: chunked", "Connection: close"})
    EXPECT_NE(follower.head.find(field), std::string::npos) << field;
  EXPECT_EQ(follower.events, std::vector<std::string>{"ready"}) << "nobody is online";
}

TEST(PresenceStream, of_a_HEAD_is_its_head) {
  ServerWorld world(with_key());
  Follower follower(world, 0, "HEAD");
  world.turn(3);
  follower.read();
  EXPECT_NE(follower.head.find("Content-Type: text/event-stream"), std::string::npos);
  EXPECT_EQ(follower.events, std::vector<std::string>{});
}

TEST(PresenceStream, speaks_every_fifteen_seconds_and_is_not_taken_for_idle) {
  ServerWorld world(with_key());
  Follower follower(world);
  world.turn(3);
  for (int i = 0; i < 60; ++i) {
    world.pass(seconds(5));
    follower.read();
  }
  EXPECT_FALSE(follower.gone());
  EXPECT_EQ(follower.comments, 20u);
}

TEST(PresenceStream, is_right_whoever_comes_and_goes_while_it_begins) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    ServerWorld world(with_key());
    Crowd crowd(world);
    std::mt19937 random(seed);
    constexpr std::size_t kUsers = 12'000;
    for (std::size_t i = 0; i < kUsers; i += 2) crowd.come(i);
    std::vector<std::unique_ptr<Follower>> followers;
    for (int turn = 0; turn < 60; ++turn) {
      if (turn % 10 == 0) followers.push_back(std::make_unique<Follower>(world, random() % 2));
      for (int i = 0; i < 200; ++i) {
        const std::size_t user = random() % kUsers;
        crowd.online.contains(Crowd::name(user)) ? crowd.go(user) : crowd.come(user);
      }
      for (auto& follower : followers) {
        if (auto* socket = follower->socket()) socket->room = random() % 20'000;
        follower->read();
      }
      world.pass(Milliseconds(1));
    }
    for (auto& follower : followers) follower->socket()->room = SIZE_MAX;
    world.pass(Milliseconds(10));
    for (int i = 0; i < 100; ++i) world.turn();
    for (auto& follower : followers) {
      follower->read();
      EXPECT_TRUE(follower->ready);
      EXPECT_TRUE(follower->online == crowd.online) << "seed " << seed;
    }
  }
}

TEST(PresenceStream, of_a_reader_that_lags_too_far_ends_and_the_others_go_on) {
  Config config = with_key();
  config.send_queue_bytes = 64 * 1024;
  ServerWorld world(config);
  Crowd crowd(world);
  Follower slow(world), quick(world);
  world.turn(3);
  slow.read();
  slow.socket()->room = 0;
  for (std::size_t i = 0; i < 20'000; ++i) {
    crowd.come(i);
    if (i % 100 != 0) continue;
    world.pass(Milliseconds(1));
    quick.read();
    EXPECT_LT(world.counters().queued_bytes, 200'000u) << "what waits for the slow one is bounded";
  }
  world.pass(Milliseconds(1));
  quick.read();
  EXPECT_TRUE(quick.online == crowd.online);
  slow.socket()->room = SIZE_MAX;
  world.turn(10);
  slow.read();
  EXPECT_TRUE(slow.ended) << "in good order, when it has read what was on its way";
  EXPECT_LT(slow.online.size(), crowd.online.size());
  Follower anew(world);
  world.turn(20);
  anew.read();
  EXPECT_TRUE(anew.online == crowd.online);
}

TEST(PresenceStream, of_one_who_reads_goes_on_however_many_come_at_once) {
  Config config = with_key();
  config.send_queue_bytes = 16 * 1024;
  ServerWorld world(config);
  Crowd crowd(world);
  Follower follower(world);
  world.turn(3);
  for (std::size_t i = 0; i < 5000; ++i) crowd.come(i);
  for (int i = 0; i < 50; ++i) {
    world.pass(Milliseconds(1));
    follower.read();
  }
  EXPECT_FALSE(follower.gone());
  EXPECT_TRUE(follower.online == crowd.online);
}

TEST(PresenceStream, of_many_leaves_time_between_news_for_other_work) {
  ServerWorld world(with_key());
  Crowd crowd(world);
  std::vector<std::unique_ptr<Follower>> followers;
  for (int i = 0; i < 400; ++i) followers.push_back(std::make_unique<Follower>(world));
  world.turn(500);
  const auto all_have = [&](std::size_t users) {
    return std::ranges::all_of(followers, [&](auto& each) { return each->read(), each->online.size() == users; });
  };
  crowd.come(1);
  world.turn(3);
  EXPECT_TRUE(all_have(1)) << "the first at once";
  crowd.come(2);
  crowd.come(3);
  world.turn(3);
  EXPECT_TRUE(all_have(1)) << "no time has passed";
  world.pass(Milliseconds(10));
  EXPECT_TRUE(all_have(3));
}

TEST(PresenceStream, that_nobody_follows_any_more_costs_nothing) {
  ServerWorld world(with_key());
  Crowd crowd(world);
  {
    Follower follower(world);
    world.turn(3);
    follower.cut();
    world.turn(2);
  }
  crowd.come(1);
  world.pass(seconds(60));
  Follower next(world);
  world.turn(4);
  next.read();
  EXPECT_EQ(next.online, crowd.online);
}

TEST(PresenceStream, needs_the_key) {
  ServerWorld world(with_key());
  const int fd = world.connect(0);
  world.turn();
  world.socket(fd)->in = "GET /api/presence HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n";
  world.turn(2);
  EXPECT_TRUE(world.socket(fd)->out.starts_with("HTTP/1.1 401 "));
}

}  // namespace
}  // namespace signalbox::server::test
