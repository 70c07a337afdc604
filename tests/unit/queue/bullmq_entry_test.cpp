#include "queue/bullmq_entry.hpp"

#include <gtest/gtest.h>

#include "queue/job_members.hpp"
#include "unit/queue/replies.hpp"

namespace signalbox::queue {
namespace {

using StepKind = JobStep::Kind;

JobStep read(const std::vector<std::string>& fields) {
  redis::Reply entry = test::entry("1795473902683-1", fields);
  StreamId at;
  auto step = take_bullmq_entry(entry, at);
  EXPECT_EQ(at, (StreamId{1'795'473'902'683, 1}));
  return step.value_or(JobStep{.job = "none"});
}

TEST(BullmqEntry, says_what_happened_to_a_job) {
  EXPECT_EQ(read({"event", "added", "jobId", "1", "name", "gen"}).kind, StepKind::added);
  EXPECT_EQ(read({"event", "active", "jobId", "1", "prev", "waiting"}).kind, StepKind::seen);
  EXPECT_EQ(read({"event", "removed", "jobId", "15", "prev", "wait"}).kind, StepKind::removed);
  const JobStep progress = read({"event", "progress", "jobId", "3", "data", R"({"pct":50})"});
  EXPECT_EQ(progress.kind, StepKind::progress);
  EXPECT_EQ(progress.job, "3");
  EXPECT_EQ(progress.value, R"({"pct":50})");
  EXPECT_EQ(read({"event", "completed", "jobId", "1", "returnvalue", R"({"a":1})", "prev", "active"}).value,
            R"({"a":1})");
  EXPECT_EQ(read({"event", "failed", "jobId", "6", "failedReason", "boom", "prev", "active"}).value, "boom");
}

TEST(BullmqEntry, leaves_what_is_no_end_of_a_job_to_itself) {
  for (const std::string event : {"retries-exhausted", "stalled", "delayed", "waiting", "waiting-children",
                                  "duplicated", "deduplicated", "something-new"}) {
    EXPECT_EQ(read({"event", event, "jobId", "6", "failedReason", "x"}).kind, StepKind::seen) << event;
  }
}

TEST(BullmqEntry, that_names_no_job_says_nothing) {
  EXPECT_EQ(read({"event", "drained"}).job, "none");
  EXPECT_EQ(read({"event", "paused"}).job, "none");
  EXPECT_EQ(read({"jobId", "1", "event", "added"}).job, "none");
  EXPECT_EQ(read({"event", "added", "jobId"}).job, "none");
}

TEST(BullmqEntry, keeps_ids_with_colons_whole) {
  EXPECT_EQ(read({"event", "added", "jobId", "repeat:daily:1795473902683", "name", "x"}).job,
            "repeat:daily:1795473902683");
}

TEST(BullmqEntry, of_several_the_last_id_counts_whatever_it_says) {
  redis::Reply entries{.kind = redis::Reply::Kind::array};
  entries.elements = {test::entry("7-0", {"event", "added", "jobId", "1"}), test::entry("8-3", {"event", "drained"})};
  const ReadEntries read = take_bullmq_entries(entries);
  EXPECT_EQ(read.steps.size(), 1u);
  EXPECT_EQ(read.last, (StreamId{8, 3}));
}

TEST(JobMembers, progress_is_a_number_or_what_else_the_worker_gave) {
  EXPECT_EQ(progress_members("50", 64), R"({"progress":50,"status":"processing"})");
  EXPECT_EQ(progress_members(R"("half")", 64), R"({"progress":"half","status":"processing"})");
  EXPECT_EQ(progress_members("true", 64), R"({"progress":true,"status":"processing"})");
  EXPECT_EQ(progress_members(R"({"pct":50,"step":"x"})", 64),
            R"({"progress":{"pct":50,"step":"x"},"status":"processing"})");
}

TEST(JobMembers, an_object_brings_its_own_progress_and_status) {
  EXPECT_EQ(progress_members(R"({"progress":40,"status":"r"})", 64), R"({"progress":40,"status":"r"})");
  EXPECT_EQ(progress_members(R"({"status":"r","x":1})", 64), R"({"progress":{"status":"r","x":1},"status":"r"})");
}

TEST(JobMembers, no_progress_is_left_out) {
  EXPECT_EQ(progress_members("null", 64), R"({"status":"processing"})");
  EXPECT_EQ(progress_members("NaN", 64), R"({"status":"processing"})");
}

TEST(JobMembers, what_is_no_number_of_JSON_is_null_outside_of_texts) {
  EXPECT_EQ(completed_members(R"({"a":NaN,"b":[-Infinity,Infinity],"c":"NaN \" NaN"})", 64),
            R"({"result":{"a":null,"b":[null,null],"c":"NaN \" NaN"}})");
}

TEST(JobMembers, have_the_room_that_the_names_in_an_event_leave) {
  const std::string event = R"(42["job_completed",{"jobId":"a\"b","queue":"q","result":1}])";
  EXPECT_EQ(room_for_members("a\"b", "q", event.size()), std::string(R"({"result":1})").size());
  EXPECT_EQ(room_for_members("1", "q", 10), 0u);
}

TEST(JobMembers, what_is_no_JSON_at_all_becomes_a_text) {
  EXPECT_EQ(completed_members("{oops", 64), R"({"result":"{oops"})");
  EXPECT_EQ(completed_members("", 64), R"({"result":null})");
  EXPECT_EQ(failed_members("a \"quoted\" reason"), R"({"error":"a \"quoted\" reason"})");
}

}  // namespace
}  // namespace signalbox::queue
