#include "queue/remembered_job.hpp"
#include "unit/queue/bullmq_fixture.hpp"
#include "unit/queue/fake_sink.hpp"

// What is told of a queue as BullMQ writes it, in a real redis-server, and which node reads it.
namespace signalbox::queue {
namespace {

using test::BullmqNode;
using test::RealBullmq;
using Texts = std::vector<std::string>;

TEST_F(RealBullmq, the_user_of_a_job_hears_of_its_progress_and_its_result) {
  const auto node = start();
  add_job("1", R"({"userId":42})");
  say({"added", "jobId", "1", "name", "gen"});
  say({"active", "jobId", "1", "prev", "waiting"});
  say({"progress", "jobId", "1", "data", "50"});
  complete("1", R"({"imageUrl":"u"})", 1'795'473'902'000);
  EXPECT_EQ(sink.next(2), (Texts{R"(42 image/1 progress {"progress":50,"status":"processing"})",
                                 R"(42 image/1 completed {"result":{"imageUrl":"u"}})"}));
  EXPECT_EQ(sink.reports()[1].finished_ms, 1'795'473'902'000);
  EXPECT_TRUE(node->await([](const QueueStatus& status) { return status.outcomes == 1 && status.behind == 0; }));
  const QueueStatus status = node->status()[0];
  EXPECT_EQ(status.name, "image");
  EXPECT_EQ(status.events, 4u);
  EXPECT_EQ(status.reader, "node");
}

TEST_F(RealBullmq, the_user_is_known_although_the_job_is_removed_as_it_completes) {
  const auto node = start();
  add_job("a:b:c", R"({"userId":"u"})");
  say({"added", "jobId", "a:b:c", "name", "gen"});
  ASSERT_TRUE(node->await([](const QueueStatus& status) { return status.events == 1 && status.behind == 0; }));
  ask({"DEL", "bull:image:a:b:c"});
  say({"completed", "jobId", "a:b:c", "returnvalue", "null", "prev", "active"});
  EXPECT_EQ(sink.next(), R"(u image/a:b:c completed {"result":null})");
}

TEST_F(RealBullmq, an_outcome_that_is_nobody_s_is_counted) {
  const auto node = start();
  say({"completed", "jobId", "1", "returnvalue", "1", "prev", "active"});
  say({"failed", "jobId", "2", "failedReason", "boom", "prev", "active"});
  say({"completed", "jobId", "3", "returnvalue", R"({"userId":"u"})", "prev", "active"});
  EXPECT_EQ(sink.next(), R"(u image/3 completed {"result":{"userId":"u"}})");
  EXPECT_EQ(node->status()[0].unattributed, 2u);
}

TEST_F(RealBullmq, a_child_without_a_user_is_its_parent_s) {
  const auto node = start();
  add_job("parent", R"({"userId":"u"})", "video");
  add_job("child", R"({"n":1})");
  ask({"HSET", "bull:image:child", "parentKey", "bull:video:parent"});
  say({"added", "jobId", "child", "name", "gen"});
  say({"failed", "jobId", "child", "failedReason", "boom", "prev", "active"});
  EXPECT_EQ(sink.next(), R"(u image/child failed {"error":"boom"})");
}

TEST_F(RealBullmq, a_job_s_data_that_is_large_is_read_by_itself) {
  const auto node = start();
  const std::string large(300'000, 'x');
  add_job("1", R"({"a":")" + large + R"(","userId":9007199254740991})");
  add_job("2", R"({"a":")" + large + R"(","userId":"é"})");
  say({"progress", "jobId", "1", "data", "1"});
  say({"progress", "jobId", "2", "data", "2"});
  EXPECT_TRUE(sink.next().starts_with("9007199254740991 image/1 progress"));
  EXPECT_TRUE(sink.next().starts_with("é image/2 progress"));
}

TEST_F(RealBullmq, an_end_and_the_next_job_of_that_id_are_read_together) {
  const auto node = start();
  add_job("1", R"({"userId":"ann"})");
  say({"added", "jobId", "1", "name", "gen"});
  ASSERT_TRUE(node->await([](const QueueStatus& status) { return status.events == 1 && status.behind == 0; }));
  add_job("1", R"({"userId":"bob"})");
  ask({"EVAL",
       "redis.call('XADD', KEYS[1], '*', 'event', 'completed', 'jobId', '1', 'returnvalue', '1', 'prev', 'active') "
       "redis.call('XADD', KEYS[1], '*', 'event', 'added', 'jobId', '1', 'name', 'gen')",
       "1", "bull:image:events"});
  complete("1", "2", static_cast<std::int64_t>(coarse_unix_ms()));
  EXPECT_EQ(sink.next(2), (Texts{R"(ann image/1 completed {"result":1})", R"(bob image/1 completed {"result":2})"}));
}

TEST_F(RealBullmq, no_more_is_read_while_as_much_waits_as_may) {
  const auto node = start({.queues = {"image", "video"}, .most_bytes = 100});
  add_job("1", R"({"userId":"u"})");
  add_job("2", R"({"userId":"u"})", "video");
  sink.answer({Taken::later});
  complete("1", "1", 1000);
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":1})");
  say({"completed", "jobId", "2", "returnvalue", "2", "prev", "active"}, "video");
  EXPECT_EQ(sink.next(2), (Texts{R"(u image/1 completed {"result":1})", R"(u video/2 completed {"result":2})"}));
}

TEST_F(RealBullmq, a_result_that_is_too_large_is_left_out) {
  const auto node = start({.max_payload = 100});
  add_job("1", R"({"userId":"u"})");
  complete("1", '"' + std::string(200, 'x') + '"', 1000);
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":null,"truncated":true})");
}

TEST_F(RealBullmq, a_result_that_is_too_large_as_a_text_is_left_out) {
  const auto node = start({.max_payload = 400});
  add_job("1", R"({"userId":"u"})");
  complete("1", "{no JSON " + std::string(200, '"'), 1000);
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":null,"truncated":true})");
}

TEST_F(RealBullmq, a_job_s_id_that_is_too_long_holds_up_nobody) {
  const auto node = start();
  ask({"EVAL",
       "return redis.call('XADD', KEYS[1], '*', 'event', 'completed', 'jobId', string.rep('x', 17 * 1024 * 1024))", "1",
       "bull:image:events"});
  add_job("2", R"({"userId":"u"})");
  complete("2", "2", 2000);
  EXPECT_EQ(sink.next(), R"(u image/2 completed {"result":2})");
}

TEST_F(RealBullmq, an_entry_that_is_more_than_a_connection_takes_is_read_without_its_result) {
  const auto node = start({.replies = {.bytes = 100'000}, .max_payload = 1000});
  add_job("1", R"({"userId":"u"})");
  add_job("2", R"({"userId":"u"})");
  say({"completed", "jobId", "1", "returnvalue", '"' + std::string(200'000, 'x') + '"', "prev", "active"});
  complete("2", "2", 2000);
  EXPECT_EQ(sink.next(2),
            (Texts{R"(u image/1 completed {"result":null,"truncated":true})", R"(u image/2 completed {"result":2})"}));
}

TEST_F(RealBullmq, a_queue_that_cannot_be_read_holds_up_no_other_one) {
  ask({"SET", "bull:evil:events", "no stream"});
  ask({"ACL", "SETUSER", "reader", "on", ">secret", "+@all", "~sb:*", "~bull:image:*", "~bull:evil:*"});
  const BullmqNode node(server->url("reader:secret@"), sink, {.queues = {"evil", "forbidden", "image"}});
  ASSERT_TRUE(await({"EXISTS", kPosition}, "1"));
  add_job("1", R"({"userId":"u"})");
  for (const std::string result : {"1", "2", "3"}) {
    complete("1", result, 1000 * std::stoi(result));
    EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":)" + result + "}");
  }
}

TEST_F(RealBullmq, a_queue_whose_outcomes_are_not_taken_is_left_to_another_node) {
  sink.answer(std::deque<Taken>(1000, Taken::later));
  const auto full = start({.node = "full", .patience = Milliseconds(300)});
  test::NotedSink other;
  BullmqNode next(server->url(), other, {.node = "next"});
  ASSERT_TRUE(next.await([](const QueueStatus& status) { return status.reader == "full"; }));
  add_job("1", R"({"userId":"u"})");
  complete("1", "1", 1000);
  EXPECT_EQ(other.next(), R"(u image/1 completed {"result":1})");
}

TEST_F(RealBullmq, a_reader_that_slept_past_its_lease_tells_nothing) {
  auto first = start({.node = "first"});
  test::NotedSink other;
  BullmqNode second(server->url(), other, {.node = "second"});
  auto go_on = first->stand_still();
  add_job("1", R"({"userId":"u"})");
  complete("1", "1", 1000);
  EXPECT_EQ(other.next(), R"(u image/1 completed {"result":1})");
  go_on.set_value();
  EXPECT_TRUE(first->await([](const QueueStatus& status) { return status.reader == "second"; }));
  EXPECT_TRUE(sink.reports().empty());
}

TEST_F(RealBullmq, a_node_that_has_but_one_of_its_connections_does_not_take_a_queue) {
  ask({"CONFIG", "SET", "maxclients", "2"});  // ours is one
  const BullmqNode node(server->url(), sink, {.node = "half"});
  const std::string rejected = "return tonumber(redis.call('INFO', 'stats'):match('rejected_connections:(%d+)')) >= 4";
  ASSERT_TRUE(await({"EVAL", rejected, "0"}, "1"));
  EXPECT_EQ(ask({"EXISTS", "sb:q:{bullmq:bull:image}:lease"}), "0");
  ask({"CONFIG", "SET", "maxclients", "10"});
  ASSERT_TRUE(await({"EXISTS", kPosition}, "1"));
  add_job("1", R"({"userId":"u"})");
  complete("1", "1", 1000);
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":1})");
}

TEST_F(RealBullmq, an_outcome_that_cannot_be_taken_now_is_told_again_and_nothing_before_it) {
  const auto node = start();
  sink.answer({Taken::later, Taken::later});
  add_job("1", R"({"userId":"u"})");
  complete("1", "1", 1000);
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":1})");
  add_job("2", R"({"userId":"u"})");
  complete("2", "2", 2000);
  EXPECT_EQ(sink.next(3), (Texts{R"(u image/1 completed {"result":1})", R"(u image/1 completed {"result":1})",
                                 R"(u image/2 completed {"result":2})"}));
}

TEST_F(RealBullmq, an_outcome_that_a_user_s_bound_refuses_holds_up_nobody) {
  const auto node = start();
  sink.answer({Taken::by_user});
  add_job("1", R"({"userId":"u"})");
  complete("1", "1", 1000);
  complete("1", "2", 2000);
  EXPECT_EQ(sink.next(2), (Texts{R"(u image/1 completed {"result":1})", R"(u image/1 completed {"result":2})"}));
  EXPECT_TRUE(node->await([](const QueueStatus& status) { return status.outcomes == 1 && status.behind == 0; }));
}

TEST_F(RealBullmq, an_id_that_is_used_again_is_another_job_s) {
  add_job("1", R"({"userId":"new"})");
  const auto node = start();
  ask({"MULTI"});
  for (const auto& fields : std::vector<Texts>{{"added", "jobId", "1", "name", "x"},
                                               {"completed", "jobId", "1", "returnvalue", "1", "prev", "active"},
                                               {"added", "jobId", "1", "name", "x"},
                                               {"completed", "jobId", "1", "returnvalue", "2", "prev", "active"}})
    say(fields);
  ask({"EXEC"});
  EXPECT_EQ(sink.next(), R"(new image/1 completed {"result":2})");
  EXPECT_EQ(node->status()[0].unattributed, 1u) << "the hash is not the older one's any more";
}

TEST_F(RealBullmq, a_job_that_failed_may_complete_later) {
  add_job("1", R"({"userId":"u"})");
  const auto node = start();
  ask({"MULTI"});
  for (const auto& fields : std::vector<Texts>{{"failed", "jobId", "1", "failedReason", "boom", "prev", "active"},
                                               {"waiting", "jobId", "1", "prev", "failed"},
                                               {"progress", "jobId", "1", "data", "50"},
                                               {"completed", "jobId", "1", "returnvalue", "2", "prev", "active"}})
    say(fields);
  ask({"EXEC"});
  EXPECT_EQ(sink.next(3), (Texts{R"(u image/1 failed {"error":"boom"})",
                                 R"(u image/1 progress {"progress":50,"status":"processing"})",
                                 R"(u image/1 completed {"result":2})"}));
}

TEST_F(RealBullmq, another_node_reads_when_the_reader_is_gone) {
  auto first = start({.node = "first"});
  BullmqNode second(server->url(), sink, {.node = "second"});
  ASSERT_TRUE(second.await([](const QueueStatus& status) { return status.reader == "first"; }));
  first.reset();
  add_job("1", R"({"userId":"u"})");
  complete("1", "1", 1000);
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":1})");
  EXPECT_EQ(second.status()[0].reader, "second");
}

TEST_F(RealBullmq, whose_a_removed_job_was_is_known_until_its_outcome_is_taken) {
  test::FakeSink silent;
  silent.be_silent(true);
  auto first = std::make_unique<BullmqNode>(server->url(), silent, SourceOptions{.node = "first"});
  ASSERT_TRUE(await({"EXISTS", kPosition}, "1"));
  add_job("1", R"({"userId":"u"})");
  ask({"MULTI"});
  say({"added", "jobId", "1", "name", "x"}, "image", "2000-1");
  say({"completed", "jobId", "1", "returnvalue", "1", "prev", "active"}, "image", "2000-2");
  say({"removed", "jobId", "1", "prev", "completed"}, "image", "2000-3");
  ask({"EXEC"});
  EXPECT_EQ(silent.next(), R"(u completed 1 {"result":1})");
  ASSERT_TRUE(await({"GET", kPosition}, "2000-1"));
  ask({"DEL", "bull:image:1"});
  first.reset();
  const BullmqNode second(server->url(), sink, {.node = "second"});
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":1})");
  ASSERT_TRUE(await({"HEXISTS", "sb:q:{bullmq:bull:image}:jobs:" + std::to_string(today()), "1"}, "0"));
}

TEST_F(RealBullmq, what_a_reader_remembered_whose_clock_was_past_midnight_is_known_to_the_next) {
  const auto node = start();
  const std::string tomorrow = "sb:q:{bullmq:bull:image}:jobs:" + std::to_string(today() + 1);
  ask({"HSET", tomorrow, "1", "1000-0:0-0:0:u"});
  say({"completed", "jobId", "1", "returnvalue", "1", "prev", "active"});
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":1})");
  EXPECT_TRUE(await({"HEXISTS", tomorrow, "1"}, "0"));
  ask({"HSET", tomorrow, "2", "1000-0:0-0:0:older"});
  add_job("2", R"({"userId":"u"})");
  say({"added", "jobId", "2", "name", "x"});
  ASSERT_TRUE(await({"HEXISTS", "sb:q:{bullmq:bull:image}:jobs:" + std::to_string(today()), "2"}, "1"));
  node->leave();
  ask({"DEL", "bull:image:2"});
  say({"completed", "jobId", "2", "returnvalue", "2", "prev", "active"});
  const BullmqNode next(server->url(), sink, {.node = "next"});
  EXPECT_EQ(sink.next(), R"(u image/2 completed {"result":2})");
}

TEST_F(RealBullmq, all_queues_are_found_also_those_that_come_later) {
  ask({"HSET", "bull:image:meta", "version", "bullmq:5.81.5"});
  BullmqNode node(server->url(), sink, {.queues = {"*"}, .look_each = Milliseconds(50)});
  ASSERT_TRUE(await({"EXISTS", kPosition}, "1"));
  add_job("1", R"({"userId":"u"})", "video");
  say({"completed", "jobId", "1", "returnvalue", "1", "prev", "active"}, "video");
  ask({"HSET", "bull:video:meta", "version", "bullmq:5.81.5"});
  EXPECT_EQ(sink.next(), R"(u video/1 completed {"result":1})");
}

TEST_F(RealBullmq, of_all_queues_one_that_began_while_nobody_read_is_read_from_its_first_job) {
  ask({"HSET", "bull:image:meta", "version", "bullmq:5.81.5"});
  add_job("1", R"({"userId":"u"})", "old");
  say({"completed", "jobId", "1", "returnvalue", "1", "prev", "active"}, "old");
  ask({"HSET", "bull:old:meta", "version", "bullmq:5.81.5"});
  start({.queues = {"*"}}).reset();
  add_job("1", R"({"userId":"u"})", "video");
  say({"completed", "jobId", "1", "returnvalue", "2", "prev", "active"}, "video");
  ask({"HSET", "bull:video:meta", "version", "bullmq:5.81.5"});
  const auto node = start({.queues = {"*"}});
  EXPECT_EQ(sink.next(), R"(u video/1 completed {"result":2})") << "and what came before the first node is not told";
}

}  // namespace
}  // namespace signalbox::queue
