#include "queue/celery_source.hpp"

#include <fmt/chrono.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "unit/queue/fake_sink.hpp"
#include "unit/queue/live_source.hpp"
#include "unit/redis/live_client.hpp"
#include "unit/redis/redis_server.hpp"

// What Celery's backend does, in a real redis-server.
namespace signalbox::queue::test {
namespace {

using redis::test::LiveClient;
using redis::test::RedisServer;

struct CelerySourceTest : testing::Test {
  void SetUp() override {
    if (!redis::test::has_redis()) GTEST_SKIP() << "there is no redis-server: apt-get install redis-server";
    EXPECT_EQ(worker.next(), "up");
  }

  using Live = LiveSource<CelerySource>;
  std::unique_ptr<Live> node(const std::string& name = "n1") {
    return std::make_unique<Live>(
        sink, CeleryOptions{
                  .common = common_options(server, name),
                  .key_prefix = "my_",
                  .reading = {.user = celery_user("kwargs.user_id").value(), .most_bytes = 100'000, .most_depth = 8}});
  }
  /// A node whose first start is over: from now on whatever is published is told.
  std::unique_ptr<Live> started_node() {
    auto first = node();
    while (worker.ask({"EXISTS", "sb:q:celery:my_:position"}) != "1") std::this_thread::yield();
    return first;
  }
  static std::string message(const std::string& id, const std::string& status, std::int64_t ms,
                             std::string user = "42") {
    const std::string kwargs = user.empty() ? "null" : R"({"user_id": )" + user + "}";
    const std::string date = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}+00:00", fmt::gmtime(ms / 1000), ms % 1000);
    const std::string done = status == "SUCCESS" || status == "FAILURE" ? "\"" + date + "\"" : "null";
    const std::string result = status == "FAILURE" ? R"({"exc_type": "E", "exc_message": []})" : "1";
    return R"({"status": ")" + status + R"(", "result": )" + result + R"(, "date_done": )" + done + R"(, "kwargs": )" +
           kwargs + R"(, "task_id": ")" + id + R"("})";
  }
  /// As a worker that nobody hears: the key alone.
  void keep(const std::string& id, const std::string& status, std::int64_t ms, const std::string& user = "42") {
    EXPECT_EQ(worker.ask({"SETEX", "my_celery-task-meta-" + id, "86400", message(id, status, ms, user)}), "OK");
  }
  void publish(const std::string& id, const std::string& status, std::int64_t ms = coarse_unix_ms(),
               const std::string& user = "42") {
    keep(id, status, ms, user);
    worker.ask({"PUBLISH", "my_celery-task-meta-" + id, message(id, status, ms, user)});
  }

  /// A worker ends a task, of which its user is told next.
  void expect_told(const std::string& id, const std::string& why = "") {
    publish(id, "SUCCESS");
    EXPECT_EQ(sink.next(), "42 completed " + id + R"( {"result":1})") << why;
  }

  RedisServer server;
  LiveClient worker{server.url()};
  FakeSink sink;
  const std::int64_t now = coarse_unix_ms();
};

TEST_F(CelerySourceTest, tells_what_is_published_and_an_outcome_once) {
  keep("old", "SUCCESS", now - 1000);
  const auto reader = started_node();
  publish("a", "STARTED");
  publish("a", "FAILURE", now);
  publish("a", "FAILURE", now + 2);
  publish("b", "SUCCESS");
  EXPECT_EQ(sink.next(), R"(42 progress a {"progress":0,"status":"started"})") << "what ended before is nobody's news";
  EXPECT_EQ(sink.next(), R"(42 failed a {"error":"E"})");
  EXPECT_EQ(sink.next(), R"(42 completed b {"result":1})");
  publish("a", "RETRY");
  publish("a", "FAILURE", now + 4);
  EXPECT_EQ(sink.next(), R"(42 progress a {"progress":0,"status":"retrying"})");
  EXPECT_EQ(sink.next(), R"(42 failed a {"error":"E"})") << "it had gone on";
  EXPECT_EQ(reader->status().outcomes, 3u);
  EXPECT_EQ(reader->status().reader, "n1");
}

TEST_F(CelerySourceTest, counts_what_names_no_user_once) {
  const auto reader = started_node();
  publish("a", "FAILURE", now, "");
  publish("a", "FAILURE", now, "");
  expect_told("b");
  EXPECT_EQ(reader->status().unattributed, 1u);
}

TEST_F(CelerySourceTest, finds_what_ended_while_nobody_heard) {
  const auto first = started_node();
  expect_told("a");
  first->stop();
  keep("b", "SUCCESS", coarse_unix_ms());
  keep("old", "SUCCESS", now - 200'000);
  keep("runs", "STARTED", now);
  EXPECT_EQ(worker.ask({"SADD", "my_celery-task-meta-odd", "x"}), "1");
  const auto second = node("n2");
  EXPECT_EQ(sink.next(), R"(42 completed b {"result":1})") << "and a not again, which its predecessor told";
  expect_told("c");
  EXPECT_EQ(second->status().gaps, 1u);
}

TEST_F(CelerySourceTest, is_read_by_the_next_node_when_one_dies) {
  const auto first = started_node();
  const auto second = node("n2");
  expect_told("a");
  EXPECT_EQ(second->status().events, 0u);
  // Before it is noted, the next node would tell it again.
  while (worker.ask({"ZCARD", "sb:q:celery:my_:told"}) != "1") std::this_thread::yield();
  first->die();
  expect_told("b", "nobody heard it: it was found");
  EXPECT_EQ(second->status().reader, "n2");
  EXPECT_TRUE(sink.empty());
}

TEST_F(CelerySourceTest, tells_again_what_the_sink_could_not_take) {
  std::atomic<int> refusals = 2;
  sink.answer([&](const std::string&) { return --refusals >= 0 ? Taken::later : Taken::yes; });
  const auto reader = started_node();
  publish("a", "SUCCESS");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sink.next(), R"(42 completed a {"result":1})");
  expect_told("b");
}

TEST_F(CelerySourceTest, goes_on_past_what_a_bound_of_a_user_refuses) {
  sink.answer([](const std::string& told) { return told.starts_with("full") ? Taken::by_user : Taken::yes; });
  const auto reader = started_node();
  publish("a", "SUCCESS", now, "\"full\"");
  EXPECT_EQ(sink.next(), R"(full completed a {"result":1})");
  expect_told("b");
  EXPECT_EQ(reader->status().outcomes, 1u);
  EXPECT_EQ(reader->status().behind, 0u);
}

TEST_F(CelerySourceTest, begins_again_before_what_the_sink_had_not_answered) {
  const auto first = started_node();
  sink.be_silent(true);
  publish("a", "SUCCESS", now - 200'000);
  EXPECT_EQ(sink.next(), R"(42 completed a {"result":1})");
  sink.be_silent(false);
  expect_told("b");
  first->stop();
  const auto second = node("n2");
  EXPECT_EQ(sink.next(), R"(42 completed a {"result":1})");
  expect_told("c");
}

TEST_F(CelerySourceTest, holds_no_lease_while_it_may_not_hear) {
  EXPECT_EQ(worker.ask({"ACL", "SETUSER", "default", "resetchannels"}), "OK");
  const auto reader = node();
  for (const char* held : {"1", "0"}) {
    while (worker.ask({"EXISTS", "sb:q:celery:my_:reader"}) != held) std::this_thread::yield();
  }
  EXPECT_EQ(worker.ask({"ACL", "SETUSER", "default", "allchannels"}), "OK");
  while (worker.ask({"EXISTS", "sb:q:celery:my_:position"}) != "1") std::this_thread::yield();
  expect_told("a");
}

TEST_F(CelerySourceTest, goes_on_when_redis_comes_back) {
  const auto reader = started_node();
  expect_told("a");
  server.kill();
  EXPECT_TRUE(worker.next().starts_with("down: "));
  server.start();
  while (worker.next() != "up") {
  }
  expect_told("b", "heard, or found, though Redis has lost its memory");
}

}  // namespace
}  // namespace signalbox::queue::test
