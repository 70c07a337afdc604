// Polling answers that do not arrive: their connections break, end or die unnoticed, here and on another shard.
#include <string>

#include "small_world.hpp"

namespace signalbox::net::test {
namespace {

struct LostAnswer : testing::TestWithParam<unsigned> {
  LostAnswer() {
    auto own = std::make_unique<MemoryKernel>(world.network);
    kernel = own.get();
    world.shared.shards.push_back(std::make_unique<Shard>(world.shared, std::move(own)));
    other().set_application(std::make_unique<World::Application>(world));
    other().add_listener(1);
    const int fd = world.connect();
    world.send(fd, "GET /socket.io/?EIO=4&transport=polling&t=h HTTP/1.1\r\nHost: x\r\n\r\n");
    world.take(fd);
    sid = world.session->sid();
  }
  ~LostAnswer() override {
    other().begin_stop();
    for (int i = 0; i < 3 && !other().stopped(); ++i) pass(seconds(2));
    EXPECT_TRUE(other().stopped());
  }
  Shard& other() { return *world.shared.shards[1]; }
  void turns() {
    for (int i = 0; i < 3; ++i) {
      world.turn();
      other().turn();
    }
  }
  void pass(Milliseconds time) {
    world.network.now += time;
    turns();
  }
  /// A connection to the shard that the test is about, which asks so.
  int ask(std::string_view method, std::string_view stamp, std::string_view body = {}) {
    const int fd = connect();
    again(fd, method, stamp, body);
    return fd;
  }
  int connect() {
    const int fd = (GetParam() == 0 ? *world.kernel : *kernel).connect({});
    turns();
    return fd;
  }
  void again(int fd, std::string_view method, std::string_view stamp, std::string_view body = {}) {
    std::string text(method);
    text.append(" ").append(target(stamp)) += " HTTP/1.1\r\nHost: x\r\n";
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    world.network.at(fd).in += text + "\r\n" + std::string(body);
    turns();
  }
  std::string target(std::string_view stamp) const {
    const std::string target = "/socket.io/?EIO=4&transport=polling&sid=" + sid;
    return stamp.empty() ? target : target + "&t=" + std::string(stamp);
  }
  std::string body(int fd) {
    const std::string answer = world.take(fd);
    const auto end = answer.find("\r\n\r\n");
    return end == std::string::npos ? answer : answer.substr(end + 4);
  }
  /// With the handshake's there have been three, within less than a second: they tell the requests apart.
  void show_stamps() {
    for (const char* stamp : {"s1", "s2"}) ask("POST", stamp, "3");
  }
  void say(std::string_view packet) {
    world.session->send(text_frame(packet));
    turns();
  }
  void reset(int fd) {
    world.network.at(fd).broken = true;
    turns();
  }

  static Options small_total() {
    Options options;
    options.session.total_queue_bytes = 20'000;
    return options;
  }
  World world{small_total()};
  MemoryKernel* kernel = nullptr;
  std::string sid;
};

INSTANTIATE_TEST_SUITE_P(Shard, LostAnswer, testing::Values(0u, 1u),
                         [](const auto& which) { return which.param == 0 ? "its_own" : "another"; });

TEST_P(LostAnswer, is_there_for_the_repeat_and_counts_until_the_next_poll) {
  const auto before = world.shared.queued.all.load();
  const int first = ask("GET", "a");
  const std::string event = "4" + std::string(1000, 'x');
  say(event);
  reset(first);
  EXPECT_GT(world.shared.queued.all.load(), before + 1000);
  const int repeat = ask("GET", "a");
  EXPECT_EQ(body(repeat), event);
  again(repeat, "GET", "b");
  EXPECT_EQ(world.shared.queued.all.load(), before);
  say("4next");
  EXPECT_EQ(body(repeat), "4next");
}

// The server hears of the end while the answer is on its way from one shard to the other.
TEST_P(LostAnswer, that_found_no_connection_any_more_is_there_as_well) {
  const int first = ask("GET", "a");
  world.session->send(text_frame("4event"));
  world.turn();
  reset(first);
  if (GetParam() == 0) return;  // there nothing comes between
  EXPECT_EQ(body(ask("GET", "a")), "4event");
}

TEST_P(LostAnswer, has_its_share_in_the_total) {
  world.control->set_authenticated(true);
  const int first = ask("GET", "a");
  say("4" + std::string(10'000, 'x'));
  reset(first);
  EXPECT_TRUE(world.ends.empty());
  say("4" + std::string(11'000, 'y'));
  EXPECT_EQ(world.ends, std::vector{CloseReason::slow_consumer});
  EXPECT_EQ(world.shared.queued.all.load(), 0u);
}

TEST_P(LostAnswer, a_repeat_takes_the_place_of_a_get_whose_connection_died_unnoticed) {
  const int first = ask("GET", "a");
  const int repeat = ask("GET", "a");
  EXPECT_EQ(body(first), "");
  reset(first);
  say("4event");
  EXPECT_EQ(body(repeat), "4event");
  EXPECT_TRUE(world.ends.empty());
}

TEST_P(LostAnswer, of_a_get_and_its_repeat_each_has_the_answer_as_nobody_knows_which_is_read) {
  const int first = ask("GET", "a");
  const int repeat = ask("GET", "a");
  say("4event");
  EXPECT_EQ(body(first), "4event");
  EXPECT_EQ(body(repeat), "4event");
}

TEST_P(LostAnswer, a_get_that_comes_after_the_next_one_takes_nothing) {
  const int repeat = ask("GET", "a");
  say("4one");
  EXPECT_EQ(body(repeat), "4one");
  const int next = ask("GET", "b");
  const int late = ask("GET", "a");
  say("4two");
  EXPECT_EQ(body(next), "4two");
  EXPECT_NE(body(late).find("Bad request"), std::string::npos);
  EXPECT_TRUE(world.ends.empty());
}

TEST_P(LostAnswer, of_a_client_without_t_ends_its_session_when_the_connection_is_reset) {
  const int fd = ask("GET", "");
  say("4event");
  EXPECT_EQ(body(fd), "4event");
  EXPECT_TRUE(world.ends.empty());
  world.network.at(fd).unacknowledged = 1;
  reset(fd);
  EXPECT_EQ(world.ends, std::vector{CloseReason::transport_close});
  EXPECT_EQ(body(ask("GET", "")), R"({"code":1,"message":"Session ID unknown"})");
}

TEST_P(LostAnswer, and_when_it_ends_with_bytes_that_nobody_acknowledged) {
  const int fd = ask("GET", "");
  say("4event");
  world.network.at(fd).unacknowledged = 1;
  world.network.at(fd).ended = true;
  turns();
  EXPECT_EQ(world.ends, std::vector{CloseReason::transport_close});
}

TEST_P(LostAnswer, and_when_a_part_of_it_was_never_written) {
  const int fd = ask("GET", "");
  world.network.at(fd).room = 10;
  say("4event");
  world.network.at(fd).ended = true;
  pass(seconds(31));
  EXPECT_EQ(world.ends, std::vector{CloseReason::transport_close});
}

TEST_P(LostAnswer, but_not_when_all_of_it_is_acknowledged_or_another_request_has_followed) {
  const int fd = ask("GET", "");
  say("4event");
  reset(fd);
  const int second = ask("GET", "");
  say("4event");
  const int third = ask("GET", "");
  world.network.at(second).unacknowledged = 1;
  reset(second);
  EXPECT_TRUE(world.ends.empty());
  say("4last");
  EXPECT_EQ(body(third), "4last");
}

TEST_P(LostAnswer, of_a_post_does_not_have_the_repeat_taken_twice) {
  show_stamps();
  reset(ask("POST", "p", "4hello"));
  EXPECT_EQ(body(ask("POST", "p", "4hello")), "ok");
  EXPECT_EQ(body(ask("GET", "a")), "4hello");
  EXPECT_EQ(world.session->queue().count(), 0u);
}

TEST_P(LostAnswer, the_repeat_of_a_post_that_is_held_or_half_here_takes_its_place) {
  ask("POST", "p1", "4login");
  ask("POST", "p2", "4pause");
  ask("GET", "a");
  const int held = ask("POST", "p3", "4hello");
  const int repeat = ask("POST", "p3", "4hello");
  EXPECT_TRUE(world.gone(held));
  EXPECT_TRUE(world.ends.empty());
  world.control->set_reading(true);
  turns();
  EXPECT_EQ(body(repeat), "ok");
  EXPECT_EQ(body(ask("GET", "b")), "4hello");
}

TEST_P(LostAnswer, the_repeat_of_a_held_post_without_a_connection_has_that_answered) {
  ask("POST", "p1", "4login");
  ask("POST", "p2", "4pause");
  int status = 0;
  world.shard().asked().take({.id = {.number = 1},
                              .head = "POST " + target("p3") + " HTTP/1.1\r\nHost: x\r\n\r\n",
                              .body = "4hello",
                              .peer = {},
                              .reply = Reply([&status](const HttpAnswer& answer) { status = answer.status; }),
                              .place = *Counted::within(1000, world.shared.connections),
                              .bytes = *Counted::within(1000, world.shared.partial.all, 6)});
  turns();
  EXPECT_EQ(status, 0);
  ask("POST", "p3", "4hello");
  EXPECT_EQ(status, 400);
}

// However often one request is repeated, a session holds one body and one answer that is not read.
TEST_P(LostAnswer, of_posts_that_are_repeated_and_never_whole_one_body_is_held) {
  world.control->set_authenticated(true);
  const std::string half =
      "POST " + target("p") + " HTTP/1.1\r\nHost: x\r\nContent-Length: 17000\r\n\r\n" + std::string(12'000, '4');
  int last = 0;
  for (int i = 0; i < 10; ++i) {
    const int earlier = std::exchange(last, connect());
    world.network.at(last).in += half;
    turns();
    EXPECT_TRUE(i == 0 || world.gone(earlier));
  }
  EXPECT_GE(world.shared.partial.all, 12'000u);
  EXPECT_LT(world.shared.partial.all, 13'000u);
  world.network.at(last).in += std::string(5000, '4');
  turns();
  EXPECT_EQ(body(last), "ok");
  EXPECT_TRUE(world.ends.empty());
}

TEST_P(LostAnswer, that_is_asked_for_again_and_again_and_not_read_is_held_once) {
  show_stamps();
  world.control->set_authenticated(true);
  world.session->send(text_frame('4' + std::string(5000, 'x')));
  int last = 0;
  for (int i = 0; i < 10; ++i) {
    const int earlier = std::exchange(last, connect());
    world.network.at(last).room = 10;
    again(last, "GET", "a");
    EXPECT_TRUE(i == 0 || world.gone(earlier));
  }
  EXPECT_LT(world.shared.queued.all, 11'000u) << "once for its repeat, and once for who does not read it";
  world.network.at(last).room = SIZE_MAX;
  turns();
  EXPECT_EQ(body(last).size(), 5001u);
  EXPECT_TRUE(world.ends.empty());
}

TEST_P(LostAnswer, leaves_its_connection_open_if_all_of_it_was_written) {
  const int first = ask("GET", "a");
  say("4event");
  EXPECT_EQ(body(first), "4event");
  const int repeat = ask("GET", "a");
  EXPECT_EQ(body(repeat), "4event");
  again(first, "GET", "b");
  say("4next");
  EXPECT_EQ(body(first), "4next");
}

}  // namespace
}  // namespace signalbox::net::test
