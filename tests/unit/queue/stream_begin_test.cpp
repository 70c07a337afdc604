#include "queue/stream_begin.hpp"

#include <gtest/gtest.h>

#include "queue/known_jobs.hpp"
#include "queue/queue_scan.hpp"
#include "queue/remembered_job.hpp"

namespace signalbox::queue {
namespace {

StreamId at(std::uint64_t ms, std::uint64_t number = 0) {
  return {.ms = ms, .number = number};
}

/// A stream of entries at 100 to 200.
StreamState stream(bool trimmed, bool has_position = false) {
  return {.last = at(200), .first = at(100), .trimmed = trimmed, .has_position = has_position};
}

TEST(StreamBegin, a_queue_that_was_never_read_is_read_from_now_on) {
  const auto begin = begin_of(stream(true), std::nullopt, std::nullopt);
  EXPECT_EQ(begin.at, at(200));
  EXPECT_FALSE(begin.gap);
}

TEST(StreamBegin, a_queue_that_nobody_has_read_is_read_from_when_all_are) {
  EXPECT_EQ(begin_of(stream(true), std::nullopt, at(150)).at, at(150));
  EXPECT_FALSE(begin_of(stream(true), std::nullopt, at(150)).gap);
  EXPECT_FALSE(begin_of(stream(false), std::nullopt, at(50)).gap);
  EXPECT_TRUE(begin_of(stream(true), std::nullopt, at(50)).gap) << "its first entries are gone already";
  EXPECT_EQ(begin_of(stream(true), std::nullopt, at(300)).at, at(200)) << "an old one, in which nothing has come since";
  EXPECT_FALSE(begin_of(stream(true), std::nullopt, at(300)).gap);
  EXPECT_EQ(begin_of({}, std::nullopt, at(300)).at, StreamId{}) << "there is no stream yet";
}

TEST(StreamBegin, a_stream_that_is_there_up_to_the_position_has_no_gap) {
  EXPECT_FALSE(begin_of(stream(true, true), at(150), std::nullopt).gap);
  EXPECT_FALSE(begin_of(stream(true), at(150), std::nullopt).gap) << "the entry itself was taken out";
  EXPECT_FALSE(begin_of(stream(true), at(99, UINT64_MAX - 1), std::nullopt).gap == false) << "something may be between";
  EXPECT_FALSE(begin_of({.last = at(200), .first = at(100, 1), .trimmed = true}, at(100, 0), std::nullopt).gap);
}

TEST(StreamBegin, a_stream_that_was_trimmed_past_the_position_has_a_gap) {
  const auto begin = begin_of(stream(true), at(50), std::nullopt);
  EXPECT_EQ(begin.at, at(50));
  EXPECT_TRUE(begin.gap);
  EXPECT_TRUE(begin_of({.last = at(200), .trimmed = true}, at(50), std::nullopt).gap) << "all entries are gone";
  EXPECT_FALSE(begin_of({.last = at(200), .trimmed = true}, at(200), std::nullopt).gap) << "but all were read";
}

TEST(StreamBegin, a_stream_that_began_anew_is_read_whole) {
  const auto begin = begin_of(stream(false), at(5000), std::nullopt);
  EXPECT_EQ(begin.at, StreamId{});
  EXPECT_FALSE(begin.gap);
  EXPECT_EQ(begin_of({}, at(5000), std::nullopt).at, StreamId{});
  EXPECT_TRUE(begin_of(stream(true), at(5000), std::nullopt).gap);
}

TEST(StreamIds, are_read_and_written) {
  EXPECT_EQ(StreamId::parse("1795473902683-12"), at(1'795'473'902'683, 12));
  EXPECT_EQ(to_text(at(7, 1)), "7-1");
  for (const std::string_view text : {"", "-", "1", "1-", "-1", "a-1", "1-1-1", "99999999999999999999-0"})
    EXPECT_EQ(StreamId::parse(text), std::nullopt) << text;
}

TEST(StreamIds, that_no_clock_would_give_are_of_the_last_time) {
  EXPECT_EQ(at(1'795'473'902'683, 12).time(), 1'795'473'902'683);
  EXPECT_EQ(at(UINT64_MAX).time(), kLastMs);
  const RememberedJob found{.ended = {.ms = UINT64_MAX, .number = UINT64_MAX}};
  EXPECT_EQ(found.ended_at_most().ms, std::uint64_t{kLastMs + kClocksDiffer});
  EXPECT_TRUE(found.is_end(at(kLastMs)));
}

TEST(QueueNames, stand_between_the_prefix_and_the_suffix_of_a_key) {
  EXPECT_EQ(queue_in("bull:image:meta", "bull:", ":meta"), "image");
  EXPECT_EQ(queue_in("{my:tag}:a b:meta", "{my:tag}:", ":meta"), "a b");
  EXPECT_EQ(queue_in("bull:image:1:meta", "bull:", ":meta"), std::nullopt) << "a job's";
  EXPECT_EQ(queue_in("bull::meta", "bull:", ":meta"), std::nullopt);
  EXPECT_EQ(queue_in("bull:meta", "bull:", ":meta"), std::nullopt);
}

TEST(RememberedJobs, are_read_as_they_were_written) {
  const RememberedJob job{.user = "a:b", .since = at(1, 2), .ended = at(3, 4), .finished_ms = 5};
  EXPECT_EQ(to_text(job), "1-2:3-4:5:a:b");
  const auto read = RememberedJob::parse(to_text(job)).value();
  EXPECT_EQ(read.user, "a:b");
  EXPECT_EQ(read.since, at(1, 2));
  EXPECT_EQ(read.ended, at(3, 4));
  EXPECT_EQ(read.finished_ms, 5);
  for (const std::string_view text :
       {"", "1-2:3-4:5", "1-2:3:5:u", "1-2:3-4:x:u", "1-2:3-4:-5:u", "1-2:3-4:17954739026843902684:u"})
    EXPECT_FALSE(RememberedJob::parse(text)) << text;
}

TEST(RememberedJobs, of_an_end_that_was_found_know_its_place_as_far_as_clocks_agree) {
  const std::uint64_t differ = kClocksDiffer;
  const RememberedJob read{.ended = at(50'000, 3), .finished_ms = 49'000};
  EXPECT_TRUE(read.is_end(at(50'000, 3)));
  EXPECT_FALSE(read.is_end(at(50'000, 4)));
  const RememberedJob found =
      RememberedJob::parse("0-0:" + to_text(RememberedJob::mended_at(50'000)) + ":50000:u").value();
  EXPECT_TRUE(found.mended());
  EXPECT_TRUE(found.is_end(at(50'000 - differ)) && found.is_end(at(50'000 + differ, 7)));
  EXPECT_FALSE(found.is_end(at(50'000 - differ - 1)) || found.is_end(at(50'000 + differ + 1)));
  EXPECT_FALSE(RememberedJob{}.is_end({})) << "it has not ended";
}

TEST(KnownJobsTable, forgets_the_one_that_was_not_heard_of_for_longest) {
  KnownJobs jobs(2);
  jobs.at("a").user = "1";
  jobs.at("b").user = "2";
  EXPECT_EQ(jobs.find("a")->user, "1");
  jobs.at("c").user = "3";
  EXPECT_EQ(jobs.find("b"), nullptr);
  EXPECT_EQ(jobs.find("a")->user, "1");
  EXPECT_EQ(jobs.size(), 2u);
  jobs.erase("a");
  EXPECT_EQ(jobs.find("a"), nullptr);
}

}  // namespace
}  // namespace signalbox::queue
