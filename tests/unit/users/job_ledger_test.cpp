#include "users/job_ledger.hpp"

#include <gtest/gtest.h>

#include "users/encode.hpp"

namespace signalbox::users {
namespace {

FrameRef progress(const char* job, int percent) {
  return (*job_frame(JobProgress{.job_id = job, .progress = 1.0 * percent}, {})).frame;
}
FrameRef completed(const char* job) {
  return (*job_frame(JobCompleted{.job_id = job, .result = 1}, {})).frame;
}

struct KeptJobs : testing::Test {
  void keep(const char* job, const FrameRef& frame) {
    const auto [entry, replaced] = jobs.keep(HashedText(job), frame, ++now, pushed_out);
    last = entry.number;
    if (frame->kind() == FrameKind::outcome) entry.row = kRows + last;
    last_replaced = replaced;
  }
  /// "job:event" of what a login is told.
  std::vector<std::string> told() const {
    std::vector<std::string> out;
    for (const JobEntry& entry : jobs.replay(now).entries) out.emplace_back(entry.frame->packet());
    return out;
  }
  static std::string text(const FrameRef& frame) { return std::string(frame->packet()); }

  LedgerOptions options;
  UnreadMemory unread;
  LedgerMemory memory{.unread = &unread};
  const std::atomic<std::size_t>& bytes = memory.bytes;
  UserJobs jobs{options, memory, 0};
  const std::size_t none = bytes;
  WallMs now = 1'000'000'000'000;
  static constexpr Row kRows = 100;  ///< the row of an outcome is its number and so much
  std::uint64_t last = 0;
  Row last_replaced = 0;
  std::vector<UserJobs::Gone> pushed_out;
};

using Told = std::vector<std::string>;

TEST_F(KeptJobs, tells_the_newest_progress_of_what_runs_and_every_outcome_not_had_in_their_order) {
  keep("a", progress("a", 1));
  keep("b", progress("b", 1));
  keep("a", progress("a", 2));
  keep("c", completed("c"));
  EXPECT_EQ(told(), (Told{text(progress("b", 1)), text(progress("a", 2)), text(completed("c"))}));
}

TEST_F(KeptJobs, an_outcome_ends_its_progress) {
  keep("a", progress("a", 50));
  keep("a", completed("a"));
  EXPECT_EQ(told(), Told{text(completed("a"))});
}

TEST_F(KeptJobs, progress_after_an_outcome_opens_the_job_again_and_the_outcome_not_had_is_told_before_it) {
  keep("a", completed("a"));
  keep("a", progress("a", 1));
  EXPECT_EQ(told(), (Told{text(completed("a")), text(progress("a", 1))}));
  EXPECT_EQ(jobs.status("a")->event, "job_progress");
  keep("a", (*job_frame(JobFailed{.job_id = "a", .error = "x"}, {})).frame);
  EXPECT_EQ(told(), Told{R"(42["job_failed",{"jobId":"a","error":"x"}])"}) << "a later outcome replaces the earlier";
}

TEST_F(KeptJobs, an_outcome_that_is_taken_back_leaves_what_was_there_before_it) {
  const auto gone = [&] { return std::pair{told(), bytes.load()}; };
  const auto nothing = gone();
  keep("a", completed("a"));
  jobs.take_back("a", last + 1, {});
  EXPECT_EQ(told(), Told{text(completed("a"))}) << "another one";
  jobs.take_back("a", last, {});
  EXPECT_EQ(gone(), nothing);

  keep("a", completed("a"));
  const auto outcome = last;
  keep("a", progress("a", 1));
  const auto before = gone();
  jobs.take_back("a", outcome, JobEntry{.frame = completed("a"), .number = 1, .time = now});
  EXPECT_EQ(gone(), before) << "an earlier outcome of the same size";
  jobs.take_back("a", 1, {});
  EXPECT_EQ(told(), Told{text(progress("a", 1))}) << "it runs again";
  keep("b", completed("b"));
  jobs.take_back("b", last, JobEntry{.frame = completed("b"), .number = 1, .time = now, .received_at = 1});
  EXPECT_TRUE(jobs.status("b")->received);
  EXPECT_EQ(told(), Told{text(progress("a", 1))});
}

TEST_F(KeptJobs, what_was_had_is_told_again_for_a_while_and_then_no_more) {
  keep("a", completed("a"));
  EXPECT_EQ(jobs.confirm({.up_to = last}, now, pushed_out), std::vector<Row>{kRows + last});
  EXPECT_EQ(jobs.confirm({.up_to = last}, now, pushed_out), std::vector<Row>{});
  now += options.outcome_replay - 1;
  EXPECT_EQ(told(), Told{text(completed("a"))}) << "another tab may still wait for it";
  now += 1;
  EXPECT_EQ(told(), Told{});
  EXPECT_TRUE(jobs.status("a")->received);
}

TEST_F(KeptJobs, a_confirmation_says_nothing_of_what_came_after) {
  keep("a", completed("a"));
  const auto first = last;
  keep("b", completed("b"));
  jobs.confirm({.up_to = first}, now, pushed_out);
  EXPECT_TRUE(jobs.status("a")->received);
  EXPECT_FALSE(jobs.status("b")->received);
}

struct Bounded : KeptJobs {
  Bounded() { options.jobs_per_user = 3; }
  void receive(const char* job) {
    keep(job, completed(job));
    receive_all();
  }
  void receive_all() { jobs.confirm({.up_to = last}, now, pushed_out); }
  Told ids() const {
    Told out;
    const JobPage all = jobs.page({});
    for (const JobEntry& job : all.jobs) out.emplace_back(job.frame->key());
    return out;
  }
};

TEST_F(Bounded, unread_outcomes_push_nothing_out_however_many_there_are) {
  receive("received");
  keep("runs", progress("runs", 1));
  keep("runs too", progress("runs too", 1));
  for (int i = 0; i < 200; ++i) keep(std::to_string(i).c_str(), completed(std::to_string(i).c_str()));
  EXPECT_EQ(jobs.page({}).jobs.size(), 203u);
  keep("runs", progress("runs", 2));
  EXPECT_TRUE(jobs.status("received")) << "another tab may still wait for it";
  EXPECT_TRUE(jobs.status("runs too"));
}

TEST_F(Bounded, progress_beside_an_unread_outcome_pushes_nothing_out_either) {
  keep("again", completed("again"));
  for (const char* job : {"1", "2", "3"}) keep(job, progress(job, 1));
  keep("again", progress("again", 1));
  EXPECT_EQ(ids(), (Told{"1", "2", "3", "again"}));
}

TEST_F(Bounded, received_outcomes_go_before_progress_the_oldest_of_each_first) {
  keep("old", progress("old", 1));
  receive("1");
  receive("2");
  keep("new", progress("new", 1));
  EXPECT_EQ(ids(), (Told{"old", "2", "new"}));
  keep("newer", progress("newer", 1));
  EXPECT_EQ(ids(), (Told{"old", "new", "newer"}));
  keep("newest", progress("newest", 1));
  EXPECT_EQ(ids(), (Told{"new", "newer", "newest"}));
}

TEST_F(Bounded, outcomes_count_from_when_they_are_received) {
  keep("runs", progress("runs", 1));
  for (const char* job : {"1", "2", "3", "4"}) keep(job, completed(job));
  EXPECT_EQ(ids().size(), 5u);
  receive_all();
  EXPECT_EQ(ids(), (Told{"runs", "3", "4"}));
  ASSERT_EQ(pushed_out.size(), 2u);
  EXPECT_EQ(pushed_out[0].row, kRows + 2);
  EXPECT_FALSE(pushed_out[0].unread);
}

TEST_F(Bounded, a_job_that_runs_again_counts_once_its_unread_outcome_has_had_its_time) {
  keep("again", completed("again"));
  now += options.outcome_ttl - 1;
  for (const char* job : {"1", "2", "3"}) keep(job, progress(job, 1));
  keep("again", progress("again", 1));
  EXPECT_EQ(ids().size(), 4u);
  EXPECT_EQ(jobs.expire(now, false).size(), 1u);
  EXPECT_EQ(ids(), (Told{"2", "3", "again"}));
}

TEST_F(KeptJobs, refuses_outcomes_past_the_bound_of_what_was_not_had) {
  options.unread_outcomes_per_user = 2;
  keep("a", completed("a"));
  keep("b", completed("b"));
  EXPECT_FALSE(jobs.has_room("c", 0));
  EXPECT_TRUE(jobs.has_room("b", 0)) << "it replaces one";
  jobs.confirm({.up_to = 99}, now, pushed_out);
  EXPECT_TRUE(jobs.has_room("c", 0));
  EXPECT_TRUE(jobs.has_room("c", 1));
  EXPECT_FALSE(jobs.has_room("c", 2)) << "two others come before it";
}

struct Unloaded : KeptJobs {
  std::vector<StoredFrame> stored(const char* job) const { return {{.row = kRows + last, .frame = completed(job)}}; }
};

TEST_F(Unloaded, the_data_of_outcomes_is_left_to_the_store_and_comes_back_from_it) {
  keep("runs", progress("runs", 1));
  keep("a", completed("a"));
  const std::size_t before = bytes;
  EXPECT_TRUE(jobs.loaded());
  jobs.unload();
  EXPECT_FALSE(jobs.loaded());
  EXPECT_LT(bytes, before);
  EXPECT_EQ(told(), Told{text(progress("runs", 1))});
  EXPECT_EQ(jobs.status("a")->event, "") << "known, but its data is not there";
  jobs.load(stored("a"));
  EXPECT_TRUE(jobs.loaded());
  EXPECT_EQ(bytes, before);
  EXPECT_EQ(told(), (Told{text(progress("runs", 1)), text(completed("a"))}));
}

TEST_F(Unloaded, an_outcome_counts_as_had_by_who_was_told_before) {
  keep("a", completed("a"));
  jobs.unload();
  EXPECT_EQ(jobs.confirm({.up_to = last}, now, pushed_out).size(), 1u);
  EXPECT_TRUE(jobs.status("a")->received);
}

TEST_F(Unloaded, what_cannot_be_read_is_not_told_and_the_replay_says_so) {
  keep("a", completed("a"));
  keep("b", completed("b"));
  EXPECT_EQ(jobs.replay(now).withheld, 0u);
  jobs.unload();
  jobs.load(stored("b"));
  EXPECT_EQ(told(), Told{text(completed("b"))});
  EXPECT_EQ(jobs.replay(now).withheld, last - 1);
  EXPECT_EQ(to_json(*jobs.status("a")), R"({"jobId":"a","event":null,"data":null,"time":)" +
                                            std::to_string(jobs.status("a")->time) + R"(,"had":false})");
}

TEST_F(Unloaded, a_replay_without_what_was_had_long_ago_is_whole) {
  keep("a", completed("a"));
  jobs.unload();
  jobs.confirm({.up_to = last}, now, pushed_out);
  EXPECT_EQ(jobs.replay(now).withheld, 0u);
}

TEST_F(Unloaded, an_older_outcome_of_the_same_job_is_not_taken_for_it) {
  keep("a", completed("a"));
  const auto older = stored("a");
  keep("a", completed("a"));
  jobs.unload();
  jobs.load(older);
  EXPECT_FALSE(jobs.loaded());
}

TEST_F(Unloaded, a_job_that_runs_again_keeps_its_outcome_there) {
  keep("a", completed("a"));
  jobs.unload();
  const auto outcome = stored("a");
  keep("a", progress("a", 1));
  EXPECT_EQ(told(), Told{text(progress("a", 1))});
  jobs.load(outcome);
  EXPECT_EQ(told(), (Told{text(completed("a")), text(progress("a", 1))}));
  keep("a", completed("a"));
  EXPECT_TRUE(jobs.loaded());
}

TEST_F(KeptJobs, everything_has_its_time_and_gives_its_bytes_back) {
  keep("a", completed("a"));
  keep("b", progress("b", 1));
  EXPECT_GT(bytes, none);
  EXPECT_TRUE(jobs.expire(now + options.progress_ttl, false).empty());
  EXPECT_FALSE(jobs.status("b"));
  const auto gone = jobs.expire(now + options.outcome_ttl, false);
  ASSERT_EQ(gone.size(), 1u);
  EXPECT_TRUE(gone[0].unread);
  EXPECT_TRUE(jobs.empty());
  EXPECT_EQ(bytes, none);
}

TEST_F(KeptJobs, when_memory_is_tight_only_what_was_not_had_stays) {
  keep("unread", completed("unread"));
  keep("runs", progress("runs", 1));
  keep("had", completed("had"));
  jobs.confirm({.up_to = 0}, now, pushed_out);
  EXPECT_TRUE(jobs.expire(now, true).empty());
  EXPECT_FALSE(jobs.status("runs"));
  EXPECT_TRUE(jobs.status("unread"));
}

TEST_F(KeptJobs, made_smaller_after_a_time_of_many_it_knows_what_it_knew) {
  for (int i = 0; i < 1000; ++i) keep(std::to_string(i).c_str(), completed(std::to_string(i).c_str()));
  keep("runs again", completed("runs again"));
  keep("runs again", progress("runs again", 1));
  jobs.confirm({.up_to = last - 2}, now, pushed_out);
  options.jobs_per_user = 10;
  keep("new", progress("new", 1));
  EXPECT_EQ(jobs.page({}).jobs.size(), 11u) << "one of them unread";
  const Told before = told();
  jobs.expire(now, false);
  EXPECT_EQ(told(), before);
  keep("newer", progress("newer", 1));
  EXPECT_EQ(jobs.page({}).jobs.size(), 11u) << "the oldest goes";
  EXPECT_TRUE(jobs.status("runs again"));
  jobs.expire(now + options.outcome_ttl, false);
  EXPECT_EQ(bytes, none);
}

TEST_F(KeptJobs, shows_a_job_as_it_was_emitted) {
  jobs.keep(HashedText("7"), (*event_frame_of_text("job_completed", R"({ "jobId": 7, "result": 1.50 })", {})).frame, 5,
            pushed_out);
  const auto status = jobs.status("7");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->event, "job_completed");
  EXPECT_EQ(status->data, R"({ "jobId": 7, "result": 1.50 })");
  EXPECT_EQ(status->time, 5);
  EXPECT_FALSE(status->received);
  EXPECT_FALSE(jobs.status("8"));
  EXPECT_EQ(to_json(*status),
            R"({"jobId":"7","event":"job_completed","data":{ "jobId": 7, "result": 1.50 },"time":5,"had":false})");
  EXPECT_EQ(unknown_job_json("8"), R"({"jobId":"8","event":null,"data":null,"time":null,"had":false})");
}

TEST_F(KeptJobs, what_was_shown_stays_as_it_was_while_the_job_goes_on) {
  const auto text_of = [this](const char* job) { return to_json(*jobs.status(job)); };
  keep("a", progress("a", 1));
  const std::string before = text_of("a");
  const auto shown = *jobs.status("a");
  const auto list = jobs.page({}).jobs;
  for (int percent = 2; percent < 50; ++percent) keep("a", progress("a", percent));  // one of which has the old place
  EXPECT_EQ(to_json(shown), before);
  EXPECT_EQ(to_json(status_of(list.at(0))), before);
  EXPECT_NE(text_of("a"), before);
}

TEST_F(Bounded, what_a_start_brings_back_goes_in_its_order) {
  const auto outcome = [this](const char* job, std::uint64_t number, WallMs received_at) {
    return JobEntry{.frame = completed(job), .number = number, .time = now, .received_at = received_at};
  };
  for (const JobEntry& one :
       {outcome("e", 40, 0), outcome("c", 41, now), outcome("b", 42, 0), outcome("a", 43, now), outcome("d", 44, now)})
    jobs.restore(one);
  keep("new", progress("new", 1));
  EXPECT_EQ(ids(), (Told{"e", "b", "a", "d", "new"}));
  receive_all();
  keep("newer", progress("newer", 1));
  EXPECT_EQ(ids(), (Told{"b", "new", "newer"}));
}

TEST_F(KeptJobs, of_two_outcomes_of_a_job_that_a_start_finds_the_later_counts) {
  jobs.restore({.frame = completed("a"), .number = 1, .time = now, .row = 1});
  const std::size_t one = bytes;
  jobs.restore({.frame = completed("a"), .number = 2, .time = now, .row = 2});
  EXPECT_EQ(bytes, one);
  EXPECT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs.confirm({.up_to = 9}, now, pushed_out), std::vector<Row>{2});
}

TEST_F(KeptJobs, an_outcome_says_whose_place_it_takes_in_the_store) {
  keep("a", completed("a"));
  EXPECT_EQ(last_replaced, 0u);
  const Row first = kRows + last;
  keep("a", progress("a", 1));
  EXPECT_EQ(last_replaced, 0u) << "the outcome stays, whatever runs";
  keep("a", completed("a"));
  EXPECT_EQ(last_replaced, first);
  const Row second = kRows + last;
  keep("a", completed("a"));
  EXPECT_EQ(last_replaced, second);
}

TEST_F(KeptJobs, numbers_go_on_after_a_restart) {
  jobs.restore({.frame = completed("a"), .number = 41, .time = now, .received_at = 0});
  keep("b", completed("b"));
  EXPECT_EQ(last, 42u);
  EXPECT_EQ(told().size(), 2u);
}

}  // namespace
}  // namespace signalbox::users
