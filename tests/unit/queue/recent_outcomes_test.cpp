#include "queue/recent_outcomes.hpp"

#include <gtest/gtest.h>

namespace signalbox::queue::test {
namespace {

using Kind = JobReport::Kind;

TEST(RecentOutcomes, know_what_comes_twice) {
  RecentOutcomes recent(10);
  recent.note({"a", Kind::failed, 1000});
  EXPECT_TRUE(recent.has({"a", Kind::failed, 1000}));
  EXPECT_TRUE(recent.has({"a", Kind::failed, 1002})) << "a time limit is published twice, some milliseconds apart";
  EXPECT_FALSE(recent.has({"a", Kind::completed, 1000}));
  EXPECT_FALSE(recent.has({"a", Kind::failed, 60'000})) << "it has failed once more";
  EXPECT_FALSE(recent.has({"b", Kind::failed, 1000}));
}

TEST(RecentOutcomes, forget_a_job_that_goes_on) {
  RecentOutcomes recent(10);
  recent.note({"a", Kind::failed, 1000});
  recent.forget("a");
  EXPECT_FALSE(recent.has({"a", Kind::failed, 1000}));
  EXPECT_EQ(recent.size(), 0u);
}

TEST(RecentOutcomes, are_bounded_and_forget_the_oldest) {
  RecentOutcomes recent(2);
  for (const char* id : {"a", "b", "a", "c"}) recent.note({id, Kind::failed, 1000});
  EXPECT_EQ(recent.size(), 2u);
  EXPECT_FALSE(recent.has({"b", Kind::failed, 1000}));
  EXPECT_TRUE(recent.has({"a", Kind::failed, 1000})) << "noted once more";
}

}  // namespace
}  // namespace signalbox::queue::test
