#include "queue/remembered_job.hpp"
#include "unit/queue/bullmq_fixture.hpp"

// What came while nobody read a queue of BullMQ, and what Redis has lost meanwhile.
namespace signalbox::queue {
namespace {

using test::BullmqNode;
using Texts = std::vector<std::string>;

struct RealBullmqGap : test::RealBullmq {
  /// A node has told of all that there is, and leaves.
  void read_and_leave() {
    const auto node = start();
    add_job("0", R"({"userId":"u"})");
    complete("0", "0", 1'000'000);
    EXPECT_EQ(sink.next(), R"(u image/0 completed {"result":0})");
    node->leave();
  }
  /// What is told until that is, or nothing more.
  Texts told_until(const std::string& last) {
    Texts out;
    do out.push_back(sink.next());
    while (out.back() != last && out.back() != "nothing");
    return out;
  }
};

TEST_F(RealBullmqGap, the_next_reader_goes_on_where_the_last_one_left) {
  read_and_leave();
  add_job("2", R"({"userId":"u"})");
  complete("2", "2", 2000);
  const BullmqNode next(server->url(), sink, {.node = "next"});
  EXPECT_EQ(sink.next(), R"(u image/2 completed {"result":2})");
}

TEST_F(RealBullmqGap, an_outcome_that_a_killed_reader_told_is_told_again_as_the_same_although_its_job_has_gone) {
  const auto node = start();
  add_job("1", R"({"userId":"u"})");
  say({"progress", "jobId", "1", "data", "50"});
  complete("1", "1", 1000);
  sink.next(2);
  ASSERT_TRUE(await({"HLEN", "sb:q:{bullmq:bull:image}:jobs:" + std::to_string(today())}, "0")) << "all is settled";
  // As if it had been killed before it could store that.
  node->leave();
  ask({"SET", kPosition, "0-1"});
  const std::string ended = ask({"XREVRANGE", "bull:image:events", "+", "-", "COUNT", "1"});
  ask({"HSET", "sb:q:{bullmq:bull:image}:jobs:" + std::to_string(today()), "1",
       "1-0:" + ended.substr(2, ended.find(' ') - 2) + ":1000:u"});
  ask({"DEL", "bull:image:1"});
  add_job("2", R"({"userId":"u"})");
  complete("2", "2", 2000);
  const BullmqNode next(server->url(), sink, {.node = "next"});
  EXPECT_EQ(sink.next(2), (Texts{R"(u image/1 completed {"result":1})", R"(u image/2 completed {"result":2})"}))
      << "and no progress behind its outcome";
  EXPECT_EQ(sink.reports()[2].finished_ms, 1000);
}

TEST_F(RealBullmqGap, a_failure_that_is_read_once_more_is_not_told_behind_what_came_after) {
  const auto node = start();
  add_job("1", R"({"userId":"u"})");
  const auto now = static_cast<std::int64_t>(coarse_unix_ms());
  end_hash("1", "failedReason", "boom", "failed", now);
  say({"failed", "jobId", "1", "failedReason", "boom", "prev", "active"});
  EXPECT_EQ(sink.next(), R"(u image/1 failed {"error":"boom"})");
  ask({"HDEL", "bull:image:1", "failedReason", "finishedOn"});
  ask({"ZREM", "bull:image:failed", "1"});
  say({"waiting", "jobId", "1", "prev", "failed"});
  say({"progress", "jobId", "1", "data", "50"});
  complete("1", "2", now + 5);
  EXPECT_EQ(sink.next(2), (Texts{R"(u image/1 progress {"progress":50,"status":"processing"})",
                                 R"(u image/1 completed {"result":2})"}));
  node->leave();
  ask({"SET", kPosition, "0-1"});
  const BullmqNode next(server->url(), sink, {.node = "next"});
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":2})");
  EXPECT_EQ(sink.reports().back().finished_ms, now + 5);
}

TEST_F(RealBullmqGap, what_has_ended_in_a_gap_is_found) {
  read_and_leave();
  const auto now = static_cast<std::int64_t>(coarse_unix_ms());
  for (int i = 1; i <= 250; ++i) {
    add_job(std::to_string(i), R"({"userId":"u"})");
    end_hash(std::to_string(i), "returnvalue", std::to_string(i), "completed", now);
  }
  add_job("f", R"({"userId":"u"})");
  end_hash("f", "failedReason", "boom", "failed", now);
  say({"active", "jobId", "later", "prev", "waiting"});
  ask({"XTRIM", "bull:image:events", "MAXLEN", "1"});
  BullmqNode next(server->url(), sink, {.node = "next"});
  Texts told = told_until(R"(u image/f failed {"error":"boom"})");
  EXPECT_GE(told.size(), 251u);
  std::ranges::sort(told);
  told.erase(std::ranges::unique(told).begin(), told.end());
  EXPECT_EQ(told.size(), 251u);
  EXPECT_EQ(sink.reports().back().finished_ms, now);
  EXPECT_EQ(next.status()[0].gaps, 1u);
  EXPECT_TRUE(next.await([](const QueueStatus& status) { return status.events >= 252; })) << "and reading goes on";
}

TEST_F(RealBullmqGap, a_gap_is_mended_once_however_long_that_takes_and_reading_goes_on_meanwhile) {
  read_and_leave();
  add_job("1", R"({"userId":"u"})");
  complete("1", "1", coarse_unix_ms());
  say({"active", "jobId", "later", "prev", "waiting"});
  ask({"XTRIM", "bull:image:events", "MAXLEN", "1"});
  sink.answer({Taken::later, Taken::later});  // each a quarter of a second
  BullmqNode next(server->url(), sink, {.node = "next"});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":1})");
  add_job("2", R"({"userId":"u"})");
  complete("2", "2", coarse_unix_ms());
  EXPECT_EQ(sink.next(), R"(u image/2 completed {"result":2})");
  EXPECT_TRUE(next.await([](const QueueStatus& status) { return status.behind == 0; }));
  EXPECT_EQ(next.status()[0].gaps, 1u);
}

TEST_F(RealBullmqGap, what_a_stopped_reader_missed_is_found_also_where_Redis_has_forgotten_our_scripts) {
  const auto node = start();
  add_job("0", R"({"userId":"u"})");
  complete("0", "0", 1'000'000);
  sink.next();
  auto go_on = node->stand_still();
  // The first entry answers what was asked before; what comes after that is trimmed.
  const std::int64_t now = coarse_unix_ms();
  for (const std::string id : {"1", "2", "3"}) {
    add_job(id, R"({"userId":"u"})");
    end_hash(id, "returnvalue", id, "completed", now);
  }
  say({"completed", "jobId", "1", "returnvalue", "1", "prev", "active"});
  say({"completed", "jobId", "2", "returnvalue", "2", "prev", "active"});
  say({"completed", "jobId", "3", "returnvalue", "3", "prev", "active"});
  ask({"XTRIM", "bull:image:events", "MAXLEN", "1"});
  ask({"SCRIPT", "FLUSH"});
  go_on.set_value();
  const std::string trimmed = R"(u image/2 completed {"result":2})";
  EXPECT_EQ(told_until(trimmed).back(), trimmed);
  EXPECT_EQ(node->status()[0].gaps, 1u);
}

TEST_F(RealBullmqGap, behind_a_gap_an_id_may_be_another_s) {
  auto node = start();
  add_job("1", R"({"userId":"ann"})");
  say({"added", "jobId", "1", "name", "gen"});
  ASSERT_TRUE(node->await([](const QueueStatus& status) { return status.events == 1 && status.behind == 0; }));
  node.reset();
  ask({"DEL", "bull:image:1", "sb:q:{bullmq:bull:image}:lease"});
  say({"added", "jobId", "1", "name", "gen"});
  say({"completed", "jobId", "1", "returnvalue", R"("bob's")", "prev", "active"});
  ask({"XTRIM", "bull:image:events", "MAXLEN", "1"});
  BullmqNode next(server->url(), sink, {.node = "next"});
  EXPECT_TRUE(next.await([](const QueueStatus& status) { return status.unattributed == 1 && status.gaps == 1; }));
}

TEST_F(RealBullmqGap, a_stream_that_begins_anew_with_earlier_ids_is_read_from_its_beginning) {
  const auto node = start({.look_each = Milliseconds(50)});
  add_job("1", R"({"userId":"u"})");
  complete("1", "1", 1000);
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":1})");
  add_job("2", R"({"userId":"u"})");
  ask({"DEL", "bull:image:events"});
  say({"completed", "jobId", "2", "returnvalue", "2", "prev", "active"}, "image", "5-1");
  EXPECT_EQ(sink.next(), R"(u image/2 completed {"result":2})");
}

TEST_F(RealBullmqGap, goes_on_when_Redis_is_back_without_its_memory) {
  const auto node = start();
  add_job("1", R"({"userId":"u"})");
  complete("1", "1", 1000);
  EXPECT_EQ(sink.next(), R"(u image/1 completed {"result":1})");
  server->kill();
  server->start();
  while (client->next() != "up") {
  }
  ASSERT_TRUE(await({"EXISTS", kPosition}, "1"));
  add_job("2", R"({"userId":"u"})");
  complete("2", "2", 2000);
  EXPECT_EQ(sink.next(), R"(u image/2 completed {"result":2})");
}

}  // namespace
}  // namespace signalbox::queue
