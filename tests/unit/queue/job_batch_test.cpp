#include "queue/job_batch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

namespace signalbox::queue {
namespace {

using Kind = JobStep::Kind;
using Texts = std::vector<std::string>;

constexpr std::uint64_t kStart = 1'000'000;  ///< times are counted from there

StreamId moment(std::uint64_t ms) {
  return {.ms = kStart + ms};
}
std::int64_t time_at(std::uint64_t ms) {
  return static_cast<std::int64_t>(kStart + ms);
}
JobStep step(Kind kind, const std::string& job, std::uint64_t ms) {
  return {.kind = kind, .at = moment(ms), .job = job};
}
JobStep mended(Kind kind, const std::string& job, std::uint64_t ms) {
  return {.kind = kind, .job = job, .finished_ms = time_at(ms), .mended = true};
}
RememberedJob memory_of(const std::string& user, std::uint64_t since) {
  return {.user = user, .since = moment(since)};
}

/// What Redis has.
struct Hash {
  std::string user{};
  std::uint64_t made = 0;
  std::optional<std::uint64_t> ended{};
  bool completed = true;
  std::optional<std::string> result{};
};

/// A reader of batches, and a Redis that is a map.
struct JobBatchTest : testing::Test {
  /// What is told of these steps, as "user job event time".
  Texts read(std::vector<JobStep> steps) {
    std::optional<JobBatch> batch;
    batch.emplace(std::move(steps), StreamId{});
    Texts out;
    while (batch) {
      asked = batch->ask(known, rules);
      auto rest = batch->take_rest();
      if (!batch->ready()) remember(batch->learn(find(asked), known));
      while (const JobStep* const next = batch->next()) {
        tell(*next, out);
        batch->pass();
      }
      batch = std::move(rest);
      ++batches;
    }
    return out;
  }
  /// Another reader goes on, who knows what Redis remembers.
  void begin_anew(std::uint64_t told_before) {
    known.clear();
    rules.told_before = moment(told_before);
  }
  bool asks_for(const std::string& job) const { return std::ranges::find(asked, job, &JobWanted::job) != asked.end(); }

  JobBatch::Rules rules;
  KnownJobs known{100};
  std::map<std::string, Hash> hashes;
  std::map<std::string, RememberedJob> memory;
  std::vector<JobWanted> asked;
  std::size_t batches = 0;

 private:
  // As JobLookup.
  std::vector<JobWanted> find(std::vector<JobWanted> jobs) const {
    for (JobWanted& job : jobs) {
      const auto hash = hashes.find(job.job);
      if (job.hash && hash != hashes.end() && time_at(hash->second.made) <= job.at_ms + kClocksDiffer) {
        job.has_hash = true;
        job.made_ms = time_at(hash->second.made);
        if (hash->second.ended) job.finished_ms = time_at(*hash->second.ended);
        job.completed = hash->second.completed;
        if (job.with_result) job.result = hash->second.result;
        if (job.user) job.found_user = hash->second.user;
      }
      const auto known_of = memory.find(job.job);
      if ((job.remembered || (job.user && !job.has_hash)) && known_of != memory.end()) job.memory = known_of->second;
    }
    return jobs;
  }
  void remember(const JobBatch::Remembered& jobs) {
    for (const auto& [job, record] : jobs) memory[job] = record;
  }
  void tell(const JobStep& step, Texts& out) {
    if (step.kind != Kind::progress && !step.is_outcome()) return;
    const KnownJob* const job = known.find(step.job);
    const std::string user = job && !job->user.empty() ? job->user : "nobody";
    const std::string event = step.kind == Kind::progress ? "progress"
                              : step.kind == Kind::failed ? "failed"
                                                          : "completed";
    out.push_back(user + " " + step.job + " " + event);
    if (step.is_outcome()) {
      out.back() += " " + std::to_string(step.finished_ms - time_at(0));
      if (rules.check_ends) known.erase(step.job);
    }
  }
};

TEST_F(JobBatchTest, a_job_is_the_user_s_of_its_hash_and_ends_when_that_says) {
  hashes["1"] = {.user = "u", .ended = 29};
  EXPECT_EQ(read({step(Kind::added, "1", 10), step(Kind::progress, "1", 20), step(Kind::completed, "1", 30)}),
            (Texts{"u 1 progress", "u 1 completed 29"}));
  EXPECT_EQ(memory["1"].ended, moment(30));
  EXPECT_EQ(memory["1"].finished_ms, time_at(29));
}

TEST_F(JobBatchTest, of_a_known_job_only_the_end_is_asked) {
  hashes["1"] = {.user = "u"};
  read({step(Kind::added, "1", 10)});
  EXPECT_EQ(read({step(Kind::progress, "1", 20)}), Texts{"u 1 progress"});
  EXPECT_FALSE(asks_for("1"));
  hashes.clear();
  EXPECT_EQ(read({step(Kind::completed, "1", 30)}), Texts{"u 1 completed 30"});
  EXPECT_TRUE(asks_for("1"));
}

TEST_F(JobBatchTest, a_scheduler_s_jobs_are_jobs_as_any_others) {
  hashes["repeat:daily:1795473902683"] = {.user = "u", .ended = 29};
  EXPECT_EQ(read({step(Kind::added, "repeat:daily:1795473902683", 10),
                  step(Kind::completed, "repeat:daily:1795473902683", 30)}),
            Texts{"u repeat:daily:1795473902683 completed 29"});
}

TEST_F(JobBatchTest, a_user_that_can_be_none_is_nobody) {
  hashes["1"] = {.user = std::string(100'000, 'u')};
  hashes["2"] = {.user = "a\nb"};
  EXPECT_EQ(read({step(Kind::completed, "1", 30), step(Kind::completed, "2", 30)}),
            (Texts{"nobody 1 completed 30", "nobody 2 completed 30"}));
}

TEST_F(JobBatchTest, what_was_told_before_is_told_again_as_the_same_without_the_progress_before_it) {
  hashes["1"] = {.user = "u", .ended = 29};
  const std::vector<JobStep> steps{step(Kind::added, "1", 10), step(Kind::progress, "1", 20),
                                   step(Kind::completed, "1", 30)};
  read(steps);
  begin_anew(30);
  EXPECT_EQ(read(steps), Texts{"u 1 completed 29"});
  hashes.clear();
  begin_anew(30);
  EXPECT_EQ(read(steps), Texts{"u 1 completed 29"});
}

TEST_F(JobBatchTest, progress_of_a_job_that_a_mending_has_told_is_old) {
  hashes["1"] = {.user = "u", .ended = 29};
  EXPECT_EQ(read({mended(Kind::completed, "1", 29)}), Texts{"u 1 completed 29"});
  begin_anew(29 + kClocksDiffer);
  EXPECT_EQ(read({step(Kind::progress, "1", 20), step(Kind::progress, "1", 32)}), Texts{}) << "clocks differ";
  hashes.clear();
  begin_anew(29 + kClocksDiffer);
  EXPECT_EQ(read({step(Kind::progress, "1", 20), step(Kind::progress, "1", 32)}), Texts{}) << "and its hash is gone";
}

TEST_F(JobBatchTest, progress_of_a_job_that_runs_again_is_new) {
  hashes["1"] = {.user = "u", .ended = 29, .completed = false};
  read({mended(Kind::failed, "1", 29)});
  begin_anew(29 + kClocksDiffer);
  hashes["1"].ended.reset();
  EXPECT_EQ(read({step(Kind::progress, "1", 29 + kClocksDiffer + 1)}), Texts{"u 1 progress"});
}

TEST_F(JobBatchTest, a_mended_end_is_the_same_when_it_is_read_although_the_hash_is_gone) {
  hashes["1"] = {.user = "u", .ended = 29};
  read({mended(Kind::completed, "1", 29)});
  hashes.clear();
  begin_anew(29 + kClocksDiffer);
  EXPECT_EQ(read({step(Kind::completed, "1", 31)}), Texts{"u 1 completed 29"});
}

TEST_F(JobBatchTest, a_failure_that_the_job_has_left_behind_is_not_told_once_more) {
  hashes["1"] = {.user = "u", .ended = 49};
  begin_anew(50);
  EXPECT_EQ(read({step(Kind::failed, "1", 30)}), Texts{}) << "its hash says completed";
  EXPECT_EQ(read({step(Kind::completed, "1", 50)}), Texts{"u 1 completed 49"});
  begin_anew(50);
  EXPECT_EQ(read({step(Kind::failed, "1", 30), step(Kind::completed, "1", 50)}), Texts{"u 1 completed 49"});
  hashes.clear();
  begin_anew(50);
  EXPECT_EQ(read({step(Kind::failed, "1", 30)}), Texts{}) << "what was remembered says so";
}

TEST_F(JobBatchTest, a_failure_that_is_read_for_the_first_time_is_told_whatever_comes_after) {
  hashes["1"] = {.user = "u", .ended = 49};
  EXPECT_EQ(read({step(Kind::failed, "1", 30), step(Kind::progress, "1", 40), step(Kind::completed, "1", 50)}),
            (Texts{"u 1 failed 30", "u 1 progress", "u 1 completed 49"}));
}

TEST_F(JobBatchTest, an_end_that_the_hash_does_not_know_yet_is_told) {
  hashes["1"] = {.user = "u", .ended = 29, .completed = false};
  begin_anew(30);
  EXPECT_EQ(read({step(Kind::failed, "1", 30)}), Texts{"u 1 failed 29"});
  hashes["1"] = {.user = "u"};
  EXPECT_EQ(read({step(Kind::completed, "1", 50)}), Texts{"u 1 completed 50"});
}

TEST_F(JobBatchTest, an_id_that_is_used_again_is_another_job_s) {
  hashes["1"] = {.user = "new", .made = 35, .ended = 49};
  EXPECT_EQ(read({step(Kind::added, "1", 10), step(Kind::completed, "1", 30), step(Kind::added, "1", 40),
                  step(Kind::completed, "1", 50)}),
            (Texts{"nobody 1 completed 30", "new 1 completed 49"}));
  EXPECT_EQ(batches, 2u);
}

TEST_F(JobBatchTest, a_job_that_follows_a_removed_one_keeps_its_user) {
  hashes["1"] = {.user = "new"};
  EXPECT_EQ(read({step(Kind::seen, "1", 10), step(Kind::removed, "1", 20), step(Kind::added, "1", 30),
                  step(Kind::progress, "1", 40)}),
            Texts{"new 1 progress"});
  EXPECT_EQ(batches, 2u);
}

TEST_F(JobBatchTest, what_was_remembered_of_a_job_is_surer_than_a_hash_that_may_be_the_next_one_s) {
  memory["1"] = memory_of("old", 0);
  hashes["1"] = {.user = "new", .made = 31};
  begin_anew(30);
  EXPECT_EQ(read({step(Kind::completed, "1", 30)}), Texts{"old 1 completed 30"});
}

TEST_F(JobBatchTest, a_hash_that_was_made_long_after_what_was_remembered_is_another_job_s) {
  memory["1"] = memory_of("old", 0);
  hashes["1"] = {.user = "new", .made = 20'000};
  begin_anew(0);
  EXPECT_EQ(read({step(Kind::progress, "1", 21'000)}), Texts{"new 1 progress"});
}

TEST_F(JobBatchTest, what_was_remembered_of_an_older_job_says_nothing_of_the_next) {
  hashes["1"] = {.user = "old", .ended = 29};
  read({mended(Kind::completed, "1", 29)});
  hashes.clear();
  begin_anew(29 + kClocksDiffer);
  EXPECT_EQ(read({step(Kind::added, "1", 100)}), Texts{});
  EXPECT_EQ(read({step(Kind::completed, "1", 200)}), Texts{"nobody 1 completed 200"});
  begin_anew(0);
  EXPECT_EQ(read({step(Kind::completed, "1", 60'000)}), Texts{"nobody 1 completed 60000"}) << "it had ended";
}

TEST_F(JobBatchTest, the_position_passes_what_is_told_first_unless_it_stays) {
  for (const StreamId last : {moment(50), JobBatch::kStays}) {
    JobBatch batch({step(Kind::completed, "1", 30), step(Kind::added, "1", 40)}, last);
    batch.ask(known, rules);
    EXPECT_EQ(batch.last(), last == JobBatch::kStays ? last : moment(30));
    EXPECT_EQ(batch.take_rest()->last(), last);
  }
}

/// Bull says not which jobs are new, and its channels know no database.
struct CheckedBatch : JobBatchTest {
  CheckedBatch() { rules.check_ends = true; }
  JobStep completed(const std::string& job, std::uint64_t ms, const std::string& value) {
    JobStep out = step(Kind::completed, job, ms);
    out.value = value;
    return out;
  }
};

TEST_F(CheckedBatch, each_end_is_told_only_if_the_hash_says_the_same) {
  hashes["1"] = {.user = "u", .ended = 29, .result = "7"};
  EXPECT_EQ(read({completed("1", 10, "0"), step(Kind::failed, "1", 20), completed("1", 30, "7")}),
            Texts{"u 1 completed 29"});
}

TEST_F(CheckedBatch, an_end_that_is_not_told_is_not_remembered) {
  hashes["1"] = {.user = "u"};
  EXPECT_EQ(read({step(Kind::begun, "1", 10), completed("1", 20, "0")}), Texts{});
  EXPECT_FALSE(memory["1"].has_ended());
}

TEST_F(CheckedBatch, a_result_that_was_not_read_is_confirmed_by_the_rest) {
  hashes["1"] = {.user = "u", .ended = 29};
  EXPECT_EQ(read({completed("1", 30, "7")}), Texts{"u 1 completed 29"});
}

TEST_F(CheckedBatch, a_job_that_has_gone_is_the_user_s_who_was_learned_as_it_began) {
  hashes["1"] = {.user = "u"};
  read({step(Kind::begun, "1", 10)});
  hashes.clear();
  EXPECT_EQ(read({completed("1", 20, "7")}), Texts{"u 1 completed 20"});
}

TEST_F(CheckedBatch, a_user_is_forgotten_with_the_end_of_the_job) {
  hashes["1"] = {.user = "u"};
  read({step(Kind::begun, "1", 10)});
  hashes.clear();
  read({completed("1", 20, "7")});
  EXPECT_EQ(read({completed("1", 30, "\"of database 0\"")}), Texts{"nobody 1 completed 30"});
  EXPECT_EQ(read({step(Kind::begun, "1", 40), completed("1", 50, "\"of the next\"")}), Texts{"nobody 1 completed 50"});
}

TEST_F(CheckedBatch, one_that_begins_behind_an_end_may_be_another) {
  hashes["1"] = {.user = "u"};
  read({step(Kind::begun, "1", 10)});
  hashes.clear();
  EXPECT_EQ(read({completed("1", 20, "7"), step(Kind::begun, "1", 30), completed("1", 40, "8")}),
            (Texts{"u 1 completed 20", "nobody 1 completed 40"}));
}

TEST_F(CheckedBatch, one_that_waits_while_it_waits_is_another) {
  hashes["1"] = {.user = "u"};
  read({step(Kind::waits, "1", 10)});
  hashes.clear();
  EXPECT_EQ(read({step(Kind::waits, "1", 20), step(Kind::begun, "1", 30), completed("1", 40, "7")}),
            Texts{"nobody 1 completed 40"});
  hashes["2"] = {.user = "u"};
  read({step(Kind::waits, "2", 50), step(Kind::begun, "2", 60), step(Kind::waits, "2", 70)});
  hashes.clear();
  EXPECT_EQ(read({step(Kind::waits, "2", 80), completed("2", 90, "7")}), Texts{"nobody 2 completed 90"});
}

TEST_F(CheckedBatch, one_that_waits_again_after_a_worker_had_it_is_the_same) {
  hashes["1"] = {.user = "u"};
  read({step(Kind::waits, "1", 10), step(Kind::begun, "1", 20)});
  hashes.clear();
  EXPECT_EQ(read({step(Kind::waits, "1", 30), step(Kind::begun, "1", 40), completed("1", 50, "7")}),
            Texts{"u 1 completed 50"});
}

TEST_F(CheckedBatch, whose_a_job_is_is_asked_anew_when_one_begins) {
  hashes["1"] = {.user = "old"};
  read({step(Kind::begun, "1", 10)});
  hashes["1"] = {.user = "new"};
  EXPECT_EQ(read({step(Kind::begun, "1", 20), step(Kind::progress, "1", 30)}), Texts{"new 1 progress"});
}

}  // namespace
}  // namespace signalbox::queue
