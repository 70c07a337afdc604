#include "queue/bull_message.hpp"
#include "queue/bull_source.hpp"
#include "unit/queue/queue_fixture.hpp"

// Queues as Bull publishes them, in a real redis-server.
namespace signalbox::queue {
namespace {

using BullNode = test::Node<BullSource>;
using Texts = std::vector<std::string>;
using StepKind = JobStep::Kind;

TEST(BullMessage, says_what_happened_to_a_job) {
  const auto progress = read_bull_message("progress", R"({"jobId":"1","progress":10})").value();
  EXPECT_EQ(progress.kind, StepKind::progress);
  EXPECT_EQ(progress.job, "1");
  EXPECT_EQ(progress.value, "10");
  EXPECT_EQ(read_bull_message("progress", R"({"jobId":"1","progress":{"progress":40,"status":"r"}})")->value,
            R"({"progress":40,"status":"r"})");
  EXPECT_EQ(read_bull_message("completed", R"({"jobId":"1","val":"{\"imageUrl\":\"u\"}"})")->value,
            R"({"imageUrl":"u"})");
  EXPECT_EQ(read_bull_message("completed", R"({"jobId":"2"})")->value, "");
  EXPECT_EQ(read_bull_message("failed", R"({"jobId":"a:b","val":"boom"})")->value, "boom");
  EXPECT_EQ(read_bull_message("failed", R"({"jobId":"a:b","val":"boom"})")->job, "a:b");
  EXPECT_EQ(read_bull_message("progress", R"({"jobId":7,"progress":1})")->job, "7");
}

TEST(BullMessage, that_names_no_job_says_nothing) {
  EXPECT_FALSE(read_bull_message("drained", R"({"jobId":"1"})"));
  for (const std::string_view payload : {"", "1", "{}", R"({"jobId":""})", "[1]", R"({"jobId")"})
    EXPECT_FALSE(read_bull_message("completed", payload)) << payload;
}

struct RealBull : test::RealQueue {
  /// A node that hears all from now on.
  std::unique_ptr<BullNode> start(SourceOptions options = {}) {
    auto node = std::make_unique<BullNode>(server->url(), sink, std::move(options));
    EXPECT_TRUE(await({"PUBLISH", "bull:image:waiting@token", ""}, "1"));
    return node;
  }
  void publish(const std::string& event, const std::string& payload, const std::string& queue = "image") {
    ask({"PUBLISH", "bull:" + queue + ":" + event, payload});
  }
  /// A job ends, and its hash says so.
  void end(const std::string& id, const std::string& result, std::int64_t at_ms) {
    end_hash(id, "returnvalue", result, "completed", at_ms);
    publish("completed", R"({"jobId":")" + id + R"(","val":")" + result + R"("})");
  }
};

TEST_F(RealBull, the_user_of_a_job_hears_of_its_progress_and_its_result) {
  const auto node = start();
  add_job("1", R"({"userId":42})");
  publish("active@token", "1");
  publish("progress", R"({"jobId":"1","progress":50})");
  end("1", "7", 1'795'473'902'000);
  EXPECT_EQ(sink.next(2), (Texts{R"(42 image/1 progress {"progress":50,"status":"processing"})",
                                 R"(42 image/1 completed {"result":7})"}));
  EXPECT_EQ(sink.reports()[1].finished_ms, 1'795'473'902'000);
  EXPECT_EQ(node->status()[0].source, "bull");
}

TEST_F(RealBull, the_user_is_known_although_the_job_is_removed_as_it_completes) {
  const auto node = start();
  add_job("1", R"({"userId":"u"})");
  publish("active@token", "1");
  ASSERT_TRUE(node->await([](const QueueStatus& status) { return status.events == 1 && status.behind == 0; }));
  ask({"DEL", "bull:image:1"});
  publish("completed", R"({"jobId":"1"})");
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":null})");
}

TEST_F(RealBull, an_end_that_the_job_s_hash_does_not_confirm_is_another_database_s) {
  const auto node = start();
  add_job("1", R"({"userId":"u"})");
  publish("completed", R"({"jobId":"1","val":"\"of database 0\""})");
  publish("failed", R"({"jobId":"1","val":"of database 0"})");
  end("1", "7", 1000);
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":7})");
}

TEST_F(RealBull, what_has_ended_while_nobody_listened_is_found) {
  const auto node = start();
  add_job("1", R"({"userId":"u"})");
  end("1", "1", 1000);
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":1})");
  node->leave();
  add_job("2", R"({"userId":"u"})");
  end_hash("2", "failedReason", "boom", "failed", coarse_unix_ms());
  const BullNode next(server->url(), sink, {.node = "next"});
  EXPECT_EQ(sink.next(), R"(u image/2 failed {"error":"boom"})");
}

TEST_F(RealBull, what_has_ended_while_the_connection_was_away_is_found) {
  const auto node = start();
  add_job("1", R"({"userId":"u"})");
  ask({"MULTI"});
  ask({"CLIENT", "KILL", "TYPE", "pubsub"});
  end_hash("1", "returnvalue", "1", "completed", coarse_unix_ms());
  ask({"EXEC"});
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":1})");
  EXPECT_GE(node->status()[0].gaps, 1u);
}

TEST_F(RealBull, a_queue_that_begins_later_is_told_from_its_first_job) {
  ask({"SET", "bull:image:id", "1"});
  BullNode node(server->url(), sink, {.queues = {"*"}, .look_each = Milliseconds(50)});
  ASSERT_TRUE(await({"PUBLISH", "bull:image:waiting@token", ""}, "1"));
  const std::string now = std::to_string(coarse_unix_ms());
  ask({"HSET", "bull:video:1", "name", "x", "data", R"({"userId":"u"})", "timestamp", now, "finishedOn", now,
       "returnvalue", "7"});
  ask({"ZADD", "bull:video:completed", now, "1"});
  ask({"SET", "bull:video:id", "1"});
  EXPECT_EQ(sink.next(), R"(u video/1 completed {"result":7})");
}

TEST_F(RealBull, a_queue_whose_name_holds_a_colon_is_heard_where_it_is_named) {
  const BullNode node(server->url(), sink, {.queues = {"mail", "mail:send"}});
  for (const char* queue : {"mail", "mail:send"})
    ASSERT_TRUE(await({"PUBLISH", "bull:" + std::string(queue) + ":waiting@token", ""}, "1"));
  add_job("1", R"({"userId":"u"})", "mail:send");
  ask({"HSET", "bull:mail:send:1", "returnvalue", "7", "finishedOn", "1000"});
  publish("completed", R"({"jobId":"1","val":"7"})", "mail:send");
  EXPECT_EQ(sink.next(), R"(u mail:send/1 completed {"result":7})");
}

TEST_F(RealBull, queues_of_BullMQ_are_left_to_others) {
  ask({"SET", "bull:image:id", "1"});
  ask({"SET", "bull:video:id", "1"});
  ask({"HSET", "bull:video:meta", "version", "bullmq:5.81.5"});
  BullNode node(server->url(), sink, {.queues = {"*"}, .look_each = Milliseconds(50)});
  ASSERT_TRUE(await({"PUBLISH", "bull:image:waiting@token", ""}, "1"));
  const auto status = node.status();
  ASSERT_EQ(status.size(), 1u);
  EXPECT_EQ(status[0].name, "image");
}

}  // namespace
}  // namespace signalbox::queue
