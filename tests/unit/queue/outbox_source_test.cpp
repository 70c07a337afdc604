#include "queue/outbox_source.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "unit/queue/fake_sink.hpp"
#include "unit/queue/live_source.hpp"
#include "unit/redis/live_client.hpp"
#include "unit/redis/redis_server.hpp"

// The stream in a real redis-server.
namespace signalbox::queue::test {
namespace {

using redis::test::LiveClient;
using redis::test::RedisServer;

struct OutboxSourceTest : testing::Test {
  void SetUp() override {
    if (!redis::test::has_redis()) GTEST_SKIP() << "there is no redis-server: apt-get install redis-server";
    EXPECT_EQ(worker.next(), "up");
  }

  using Live = LiveSource<OutboxSource>;
  std::unique_ptr<Live> node(const std::string& name = "n1", std::size_t data_bytes = 1000) {
    return std::make_unique<Live>(sink, OutboxOptions{.common = common_options(server, name),
                                                      .stream = "out",
                                                      .limits = {.data_bytes = data_bytes, .json_depth = 8}});
  }
  void add(const std::string& user, const std::string& event, const std::string& data) {
    const std::string id = worker.ask({"XADD", "out", "*", "userId", user, "event", event, "data", data});
    EXPECT_TRUE(id.contains('-') && !id.contains(' ')) << id;
  }
  void await_length(const std::string& stream, const std::string& length) {
    const auto until = Clock::now() + std::chrono::seconds(20);
    while (worker.ask({"XLEN", stream}) != length) ASSERT_LT(Clock::now(), until) << stream;
  }

  RedisServer server;
  LiveClient worker{server.url(), {.max_unwritten = 100'000'000}};
  FakeSink sink;
};

TEST_F(OutboxSourceTest, is_told_in_its_order_and_what_is_told_is_deleted) {
  add("42", "e", "0");
  const auto reader = node();
  EXPECT_EQ(sink.next(), "42 e [0]") << "what was there before";
  for (int i = 1; i < 300; ++i) add("42", "e", std::to_string(i));
  for (int i = 1; i < 300; ++i) ASSERT_EQ(sink.next(), "42 e [" + std::to_string(i) + "]");
  await_length("out", "0");
  EXPECT_EQ(reader->status().events, 300u);
  EXPECT_EQ(reader->status().reader, "n1");
}

TEST_F(OutboxSourceTest, is_read_by_one_node_and_by_the_next_when_that_one_dies) {
  auto first = node("n1");
  first->await_reader();
  const auto second = node("n2");
  second->await_reader();
  for (int i = 0; i < 50; ++i) add("42", "e", std::to_string(i));
  for (int i = 0; i < 50; ++i) ASSERT_EQ(sink.next(), "42 e [" + std::to_string(i) + "]");
  await_length("out", "0");
  EXPECT_EQ(second->status().events, 0u);
  EXPECT_EQ(second->status().reader, "n1");
  first->die();
  add("42", "e", "\"after\"");
  EXPECT_EQ(sink.next(), "42 e [\"after\"]") << "when its lease has ended";
  EXPECT_EQ(second->status().reader, "n2");
  await_length("out", "0");
  EXPECT_TRUE(sink.empty());
}

TEST_F(OutboxSourceTest, keeps_what_the_sink_cannot_take_and_the_order_with_it) {
  std::atomic<int> refusals = 2;
  sink.answer(
      [&](const std::string& told) { return told == "42 e [1]" && --refusals >= 0 ? Taken::later : Taken::yes; });
  for (int i = 0; i < 4; ++i) add("42", "e", std::to_string(i));
  const auto reader = node();
  for (const char* told : {"42 e [0]", "42 e [1]", "42 e [1]", "42 e [1]", "42 e [2]", "42 e [3]"})
    EXPECT_EQ(sink.next(), told);
  await_length("out", "0");
}

TEST_F(OutboxSourceTest, has_what_can_never_be_told_among_the_dead_with_the_reason) {
  sink.answer([](const std::string& told) {
    return told.starts_with("full") ? Taken::by_user : told.starts_with("odd") ? Taken::invalid : Taken::yes;
  });
  const auto reader = node();
  add("42", "e", "{");
  add("full", "job_completed", R"({"jobId":"1"})");
  add("odd", "e", "1");
  add("42", "e", "1");
  for (const char* told : {R"(full job_completed [{"jobId":"1"}])", "odd e [1]", "42 e [1]"})
    EXPECT_EQ(sink.next(), told);
  await_length("out", "0");
  await_length("out:dead", "3");
  const std::string dead = worker.ask({"XRANGE", "out:dead", "-", "+"});
  EXPECT_TRUE(dead.contains("reason data: is not JSON that a browser can read userId 42 event e data {")) << dead;
  EXPECT_TRUE(dead.contains("reason UNREAD_OUTCOMES_PER_USER of its user is reached")) << dead;
  EXPECT_TRUE(dead.contains("reason it is too large, or names no user or job")) << dead;
}

TEST_F(OutboxSourceTest, goes_on_when_redis_comes_back) {
  const auto reader = node();
  add("42", "e", "1");
  EXPECT_EQ(sink.next(), "42 e [1]");
  server.kill();
  EXPECT_TRUE(worker.next().starts_with("down: "));
  server.start();
  while (worker.next() != "up") {
  }
  add("42", "e", "2");
  EXPECT_EQ(sink.next(), "42 e [2]");
  await_length("out", "0");
}

TEST_F(OutboxSourceTest, is_not_stopped_by_an_entry_that_no_answer_may_hold) {
  add("42", "e", "1");
  add("42", "e", "\"" + std::string(70'000'000, 'x') + "\"");
  add("42", "e", "2");
  const auto reader = node();
  EXPECT_EQ(sink.next(), "42 e [1]");
  EXPECT_EQ(sink.next(), "42 e [2]");
  await_length("out:dead", "1");
  EXPECT_TRUE(worker.ask({"XRANGE", "out:dead", "-", "+"}).contains("too many fields userId 42 event e"));
}

TEST_F(OutboxSourceTest, is_not_stopped_by_an_entry_of_more_fields_than_an_answer_may_hold) {
  std::vector<std::string> words{"XADD", "out", "*"};
  words.resize(words.size() + 262'140, "x");
  EXPECT_TRUE(worker.ask(std::move(words)).contains('-'));
  add("42", "e", "1");
  const auto reader = node();
  EXPECT_EQ(sink.next(), "42 e [1]");
  await_length("out:dead", "1");
}

TEST_F(OutboxSourceTest, is_read_while_redis_is_full) {
  for (int i = 0; i < 100; ++i) add("42", "e", std::to_string(i));
  EXPECT_EQ(worker.ask({"CONFIG", "SET", "maxmemory", "1"}), "OK");
  EXPECT_TRUE(worker.ask({"XADD", "out", "*", "a", "b"}).contains("OOM"));
  const auto reader = node();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(sink.next(), "42 e [" + std::to_string(i) + "]");
  await_length("out", "0");
}

}  // namespace
}  // namespace signalbox::queue::test
