// GET /data/user/trace?id=… at ADMIN_PORT: a minute of one user's life.
#include <gtest/gtest.h>

#include <charconv>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/json.hpp>

#include "hub/local_sockets.hpp"
#include "server/admin/trace_stream.hpp"
#include "server/admin/user_trace.hpp"
#include "server_world.hpp"
#include "users/encode.hpp"

namespace signalbox::server::test {
namespace {

Config with_admin() {
  Config config = sim_config();
  config.admin_key = "0123456789abcdef0123456789abcdef";
  config.presence_events = false;
  return config;
}

/// A connection to ADMIN_PORT, and the server-sent events that came over it.
class Operator {
 public:
  explicit Operator(ServerWorld& world) : world_(world), fd_(world.connect_admin()) { world.turn(); }

  /// Returns the status of the answer.
  std::string ask(const std::string& method, const std::string& path, const std::string& cookie,
                  const std::string& body = {}) {
    socket()->in += method + ' ' + path + " HTTP/1.1\r\nHost: localhost\r\nCookie: " + cookie +
                    "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n\r\n" + body;
    world_.turn(3);
    read();
    const std::size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return "nothing";
    head = in_.substr(0, end);
    in_.erase(0, end + 4);
    read();
    return head.substr(9, 3);
  }
  void read() {
    in_ += gone() ? world_.last_words(fd_) : std::exchange(socket()->out, {});
    if (head.contains("chunked")) take_chunks();
  }
  bool gone() const { return !world_.socket(fd_); }
  net::test::MemoryNetwork::Socket* socket() { return world_.socket(fd_); }

  std::string head;
  std::vector<json> entries;
  std::size_t comments = 0;
  bool ended = false;  ///< by its last event

 private:
  void take_chunks() {
    for (std::size_t line; (line = in_.find("\r\n")) != std::string::npos;) {
      std::size_t size = 0;
      std::from_chars(in_.data(), in_.data() + line, size, 16);
      if (in_.size() < line + 2 + size + 2) return;
      text_ += in_.substr(line + 2, size);
      in_.erase(0, line + 2 + size + 2);
    }
    for (std::size_t end; (end = text_.find("\n\n")) != std::string::npos; text_.erase(0, end + 2))
      hear(text_.substr(0, end));
  }
  void hear(const std::string& event) {
    if (event.starts_with(':')) return void(++comments);
    if (event == "event: end\ndata: {}") return void(ended = true);
    ASSERT_TRUE(event.starts_with("data: ")) << event;
    entries.push_back(json::parse(event.substr(6)));
  }

  ServerWorld& world_;
  int fd_;
  std::string in_, text_;
};

struct UserTrace : testing::Test {
  UserTrace() {
    Operator login(world);
    EXPECT_EQ(login.ask("POST", "/login", "", R"({"key":"0123456789abcdef0123456789abcdef"})"), "204");
    const std::size_t begin = login.head.find("Set-Cookie: ") + 12;
    cookie = login.head.substr(begin, login.head.find(';', begin) - begin);
  }
  std::string follow(Operator& by, const std::string& query = "") {
    return by.ask("GET", "/data/user/trace?id=ada" + query, cookie);
  }
  void emit(const std::string& data) {
    EXPECT_TRUE(world.directory.emit("ada", *users::checked_event_frame("note", data)));
    world.turn(3);
  }
  ServerWorld world{with_admin()};
  std::string cookie;
};

TEST_F(UserTrace, tells_what_is_sent_on_every_shard_for_a_minute_and_then_ends) {
  Browser here(world, "ada", 0), there(world, "ada", 1);
  here.login();
  there.login();
  world.turn(3);
  Operator by(world);
  EXPECT_EQ(follow(by), "200");
  EXPECT_TRUE(by.head.contains("Content-Type: text/event-stream"));
  EXPECT_TRUE(by.head.contains("Cache-Control: no-store"));
  EXPECT_EQ(by.comments, 1u) << "at once, so that the page knows";
  emit("5");
  by.read();
  ASSERT_EQ(by.entries.size(), 2u);
  EXPECT_EQ(by.entries[0].at("event"), "note");
  EXPECT_FALSE(by.entries[0].contains("data"));
  for (int second = 0; second < 59; ++second) {
    world.pass(seconds(1));
    here.heard();
    there.heard();
  }
  by.read();
  EXPECT_FALSE(by.ended);
  EXPECT_GE(by.comments, 3u);
  world.pass(seconds(1));
  by.read();
  EXPECT_TRUE(by.ended);
  emit("6");
  by.read();
  EXPECT_EQ(by.entries.size(), 2u);
  for (hub::LocalSockets* shard : world.hub.shards) EXPECT_EQ(shard->traces(), nullptr);
}

TEST_F(UserTrace, ends_with_its_reader) {
  Browser ada(world, "ada");
  ada.login();
  Operator by(world);
  EXPECT_EQ(follow(by), "200");
  EXPECT_NE(world.hub.shards[1]->traces(), nullptr);
  by.socket()->broken = true;
  world.turn(3);
  for (hub::LocalSockets* shard : world.hub.shards) EXPECT_EQ(shard->traces(), nullptr);
}

TEST_F(UserTrace, of_a_HEAD_is_its_head) {
  Operator by(world);
  EXPECT_EQ(by.ask("HEAD", "/data/user/trace?id=ada", cookie), "200");
  world.turn(3);
  for (hub::LocalSockets* shard : world.hub.shards) EXPECT_EQ(shard->traces(), nullptr);
}

TEST_F(UserTrace, is_one_of_four_at_most_and_one_that_has_ended_counts_no_more) {
  std::deque<Operator> all;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(follow(all.emplace_back(world)), "200");
  all[0].socket()->room = 0;  // it does not even read the end
  Operator fifth(world);
  EXPECT_EQ(follow(fifth), "429");
  world.pass(admin::UserTraces::kLasts);
  for (std::size_t i = 1; i < 4; ++i) {
    all[i].read();
    EXPECT_TRUE(all[i].ended);
  }
  Operator again(world);
  EXPECT_EQ(follow(again), "200");
}

TEST_F(UserTrace, that_is_not_read_keeps_little_and_says_what_it_lost) {
  Browser ada(world, "ada");
  ada.login();
  world.turn(3);
  Operator by(world);
  EXPECT_EQ(follow(by, "&data=1"), "200");
  by.socket()->room = 0;
  const std::string large = '"' + std::string(4000, 'x') + '"';
  constexpr std::size_t kEvents = 3000;
  for (std::size_t i = 0; i < kEvents; ++i) {
    emit(large);
    ada.heard();
  }
  by.socket()->room = SIZE_MAX;
  world.turn(20);
  world.pass(seconds(1));
  by.read();
  std::size_t lost = 0, sent = 0;
  for (const json& entry : by.entries)
    entry.at("what") == "lost" ? lost += entry.at("count").get<std::size_t>() : ++sent;
  EXPECT_EQ(sent + lost, kEvents);
  EXPECT_GT(sent, 10u);
  EXPECT_LT(sent * large.size(), 5 * admin::TraceStream::kMostBytes);
}

/// It has told of an event, and its reader took nothing of that.
struct UnreadUserTrace : UserTrace {
  UnreadUserTrace() {
    ada.login();
    EXPECT_EQ(follow(by), "200");
    by.socket()->room = 0;
    emit("1");
  }
  Browser ada{world, "ada"};
  Operator by{world};
};

TEST_F(UnreadUserTrace, ends_its_connection_after_half_a_minute) {
  world.pass(seconds(29));
  EXPECT_FALSE(by.gone());
  world.pass(seconds(1));
  EXPECT_TRUE(by.gone());
}

TEST_F(UnreadUserTrace, of_which_a_byte_is_taken_now_and_then_ends_half_a_minute_behind_its_end) {
  for (int second = 0; second < 89; ++second) {
    world.pass(seconds(1));
    ada.heard();
    ASSERT_FALSE(by.gone()) << second;
    by.socket()->room = 1;
  }
  world.pass(seconds(1));
  EXPECT_TRUE(by.gone());
}

}  // namespace
}  // namespace signalbox::server::test
