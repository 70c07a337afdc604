// A directory that is one of several: outcomes that other nodes hold, and are found at a login.
#include <gtest/gtest.h>

#include <algorithm>

#include "one_of_several.hpp"

namespace signalbox::users::test {
namespace {

struct FoundOutcomes : OneOfSeveral {};

/// A directory of its own, by a clock that the test turns.
struct FoundOutcomesInTime : FoundOutcomes {
  static constexpr std::int64_t kStart = 1'000'000;
  static inline std::int64_t steady = kStart;
  static WallMs wall() { return 1'764'000'000'000 + steady; }
  static DirectoryOptions by_that_clock() {
    steady = kStart;
    DirectoryOptions options;
    options.clock = {.wall = wall, .steady = [] { return steady; }};
    return options;
  }
  FoundOutcomesInTime() {
    own.join(others);
    own.open(store, now);
  }
  Directory own{mailboxes, by_that_clock()};
};

TEST_F(FoundOutcomesInTime, progress_of_jobs_that_have_ended_elsewhere_ends) {
  const auto progress = [](const char* job) {
    return text_frame(R"(42["job_progress",{}])", FrameKind::progress, job);
  };
  const WallMs begin = wall();
  const auto all = [&] { return Ledger::AllProgress{.since = begin, .until = wall() - 3000}; };
  for (const char* job : {"before", "ended", "runs"}) {
    if (steady == kStart) steady -= 1000;
    ASSERT_TRUE(own.take("ada", {progress(job)}, 0));
    steady = kStart + 1;
  }
  steady += 10'000;
  ASSERT_TRUE(own.take("ada", {progress("new")}, 0));
  const auto running = [&] {
    Texts jobs;
    for (const JobEntry& each : own.ledger.jobs("ada").jobs) jobs.emplace_back(each.frame->key());
    std::ranges::sort(jobs);
    return jobs;
  };
  own.take_found("ada", {{.frame = progress("runs"), .time = begin}});
  EXPECT_EQ(running(), (Texts{"before", "ended", "new", "runs"})) << "it was not read whole";
  own.take_found("ada", {{.frame = progress("runs"), .time = begin}}, all());
  EXPECT_EQ(running(), (Texts{"before", "new", "runs"}));
  own.take_found("ada", {}, all());
  EXPECT_EQ(running(), (Texts{"before", "new"}));
  own.take_found("nobody", {}, all());
  EXPECT_EQ(own.entries(), 1u);
}

TEST_F(FoundOutcomes, what_is_found_is_told_at_logins_in_the_order_in_which_it_happened) {
  ASSERT_TRUE(directory.emit("ada", {outcome("own")}));
  directory.take_found("ada", {found("older", foreign(1), 2h), found("old", foreign(2), 1h)});
  EXPECT_EQ(replay("ada"), (Texts{"older", "old", "own"}));
  directory.take_found("ada", {found("older", foreign(1), 2h), found("old", foreign(2), 1h)});
  EXPECT_EQ(replay("ada"), (Texts{"older", "old", "own"})) << "it was there";
}

TEST_F(FoundOutcomes, a_receipt_covers_nothing_that_a_login_is_told_behind_it) {
  ASSERT_TRUE(directory.emit("ada", {outcome("own")}));
  ASSERT_TRUE(directory.emit("ada", {outcome("newest")}));
  directory.take_found("ada", {found("older", foreign(1), 2h), found("old", foreign(2), 1h)});
  const auto joined = directory.sockets.join("ada", tab);
  const std::vector<JobEntry>& told = joined.replay.entries;
  ASSERT_EQ(told.size(), 4u);
  const auto receive = [&](std::size_t last) { directory.ledger.confirm("ada", {.up_to = told[last].number}); };
  receive(1);
  EXPECT_EQ(replay("ada"), (Texts{"older", "old", "own", "newest"})) << "their numbers are above those of the others";
  receive(2);
  EXPECT_EQ(replay("ada"), (Texts{"older", "old", "own received", "newest"}));
  receive(3);
  EXPECT_EQ(replay("ada"), (Texts{"older received", "old received", "own received", "newest received"}));
}

TEST_F(FoundOutcomes, what_was_heard_as_an_event_is_told_before_what_its_node_took_next_and_is_found) {
  ASSERT_TRUE(directory.take("ada", {outcome("first")}, foreign(1)));
  directory.take_found("ada", {found("first", foreign(1), 2h), found("second", foreign(2), 1h)});
  EXPECT_EQ(replay("ada"), (Texts{"first", "second"}));
}

TEST_F(FoundOutcomesInTime, what_was_heard_keeps_its_place_where_the_clock_of_its_node_is_ahead) {
  const auto a_second_later = [] { steady += 1000; };
  ASSERT_TRUE(own.take("ada", {outcome("7")}, foreign(1)));
  a_second_later();
  ASSERT_TRUE(own.take("ada", {text_frame(R"(42["job_progress",{"jobId":"7"}])", FrameKind::progress, "7")}, 0));
  a_second_later();
  own.take_found("ada", {{.frame = outcome("7"), .time = wall() + 5000, .row = foreign(1)}});
  EXPECT_EQ(replay(own, "ada"), (Texts{"7", "7 received"})) << "the second is its progress: it runs again";
}

TEST_F(FoundOutcomes, no_more_is_taken_of_what_is_found_than_a_node_keeps_by_itself) {
  Directory own{mailboxes, Config{.unread_outcomes_per_user = 2}};
  own.open(store, now);
  EXPECT_FALSE(
      own.take_found("ada", {found("1", foreign(1), 3h), found("2", foreign(2), 2h), found("3", foreign(3), 1h)}));
  own.take_found("ada", {found("2", foreign(4), 1h)});
  EXPECT_EQ(replay(own, "ada"), (Texts{"1", "2"})) << "the newest of a job takes its place";
  own.ledger.received("ada", std::vector<Row>{foreign(1)}, coarse_unix_ms());
  EXPECT_TRUE(own.take_found("ada", {found("3", foreign(3), 1h)}));
  EXPECT_EQ(replay(own, "ada"), (Texts{"1 received", "2", "3"}));
  Directory small{mailboxes, Config{.unread_total_bytes = 1}};
  small.open(store, now);
  small.take_found("ada", {found("1", foreign(1), 1h)});
  EXPECT_EQ(replay(small, "ada"), Texts{});
}

TEST_F(FoundOutcomes, somebody_whose_outcomes_are_past_their_time_may_be_forgotten_while_these_are_taken) {
  static std::int64_t steady = 0;
  steady = 1'000'000;
  DirectoryOptions options{Config{.ledger_total_bytes = 4096, .unread_total_bytes = 1 << 20}};
  options.clock = {.wall = [] { return 1'764'000'000'000 + steady; }, .steady = [] { return steady; }};
  Directory own{mailboxes, options};
  own.open(store, now);
  steady += LedgerClock::kSettingMs;
  own.ledger.look_at_clock();
  std::vector<Ledger::Found> past;
  for (Row row = 1; row <= 40; ++row)
    past.push_back({.frame = outcome(std::to_string(row)), .time = 1'763'900'000'000, .row = foreign(row)});
  EXPECT_TRUE(own.take_found("ada", std::move(past)));
  EXPECT_EQ(own.entries(), 0u);
}

TEST_F(FoundOutcomes, of_a_job_the_newest_outcome_stays) {
  ASSERT_TRUE(directory.emit("ada", {outcome("7")}));
  directory.take_found("ada", {found("7", foreign(1), 1h)});
  EXPECT_EQ(replay("ada"), Texts{"7"});
  EXPECT_EQ(store.kept.size(), 1u);
  EXPECT_EQ(std::ranges::count(store.notes, "forget ada 7"), 0);
  directory.take_found("grace", {found("8", foreign(2), 2h)});
  directory.take_found("grace", {found("8", foreign(3), 1h)});
  EXPECT_EQ(replay("grace"), Texts{"8"});
  directory.ledger.received("grace", std::vector<Row>{foreign(2)}, coarse_unix_ms());
  EXPECT_EQ(replay("grace"), Texts{"8"}) << "that was the one before";
  directory.ledger.received("grace", std::vector<Row>{foreign(3)}, coarse_unix_ms());
  EXPECT_EQ(replay("grace"), Texts{"8 received"});
}

TEST_F(FoundOutcomes, an_outcome_that_is_forgotten_leaves_the_progress_of_its_job) {
  const auto progress = [] { return text_frame(R"(42["job_progress",{"jobId":"7"}])", FrameKind::progress, "7"); };
  ASSERT_TRUE(directory.emit("ada", {outcome("7")}));
  ASSERT_TRUE(directory.emit("ada", {progress()}));
  directory.ledger.forget("ada", 1);
  EXPECT_EQ(replay("ada"), Texts{"7 received"}) << "its progress";
  directory.ledger.forget("ada", 1);
  directory.ledger.forget("nobody", 1);
  ASSERT_TRUE(directory.emit("ada", {outcome("7")}));
  directory.ledger.forget("ada", 2);
  EXPECT_EQ(replay("ada"), Texts{});
}

TEST_F(FoundOutcomes, an_outcome_is_told_beside_progress_of_its_job_which_runs_again) {
  ASSERT_TRUE(directory.take("ada", {text_frame(R"(42["job_progress",{"jobId":"7"}])", FrameKind::progress, "7")}, 0));
  directory.take_found("ada", {found("7", foreign(1), 1h)});
  EXPECT_EQ(replay("ada"), (Texts{"7", "7 received"})) << "the second is its progress";
  directory.take_found("ada", {found("7", foreign(2), 30min)});
  directory.ledger.received("ada", std::vector<Row>{foreign(2)}, 1);
  EXPECT_EQ(replay("ada"), Texts{"7 received"}) << "received long ago";
}

TEST_F(FoundOutcomes, whoever_is_here_is_told_of_what_is_found_later) {
  directory.sockets.join("ada", tab);
  ASSERT_TRUE(directory.take("ada", {outcome("1")}, foreign(1)));
  directory.take_found(
      "ada", {found("1", foreign(1), 1s), found("2", foreign(2), 1s), found("3", foreign(3), 1s, coarse_unix_ms())});
  const Texts both{R"(42["job_completed",{"jobId":"1"}])", R"(42["job_completed",{"jobId":"2"}])"};
  EXPECT_EQ(delivered(), both);
  EXPECT_EQ(mailboxes.boxes[0].back().number, 2u);
}

TEST_F(FoundOutcomes, what_other_nodes_hold_goes_with_the_last_socket) {
  const User* ada = directory.sockets.join("ada", tab).user;
  ASSERT_TRUE(directory.take("ada", {outcome("foreign")}, foreign(1)));
  ASSERT_TRUE(directory.take("ada", {outcome("again")}, foreign(3)));
  ASSERT_TRUE(directory.emit("ada", {text_frame(R"(42["job_progress",{}])", FrameKind::progress, "again")}));
  ASSERT_TRUE(directory.emit("ada", {outcome("own")}));
  directory.ledger.drop_found("ada");
  EXPECT_TRUE(directory.ledger.job("ada", "foreign")) << "a socket is here";
  directory.sockets.leave(ada, tab, now);
  directory.on_timer(now + 5s);
  directory.ledger.drop_found("ada");
  EXPECT_FALSE(directory.ledger.job("ada", "foreign"));
  EXPECT_TRUE(directory.ledger.job("ada", "own"));
  const auto again = directory.ledger.job("ada", "again");
  ASSERT_TRUE(again) << "its progress may be known here alone";
  EXPECT_EQ(again->frame->kind(), FrameKind::progress);
  directory.take_found("grace", {found("8", foreign(2), 1h)});
  EXPECT_EQ(directory.entries(), 2u);
  directory.ledger.drop_found("grace");
  directory.ledger.drop_found("nobody");
  EXPECT_EQ(directory.entries(), 1u);
}

}  // namespace
}  // namespace signalbox::users::test
