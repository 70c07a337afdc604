#include "base/histogram.hpp"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

using namespace std::chrono_literals;

/// In which bucket a time of that length is counted.
std::size_t bucket_of(Clock::duration time) {
  Histogram histogram;
  histogram.observe(time);
  const auto values = histogram.values();
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i)
    if (values.counts[i] != 0) return i;
  return Histogram::kBuckets;
}

TEST(Histogram, counts_a_time_in_the_first_bucket_that_is_as_long) {
  EXPECT_EQ(bucket_of(1ns), 0u);
  EXPECT_EQ(bucket_of(10us), 0u);
  EXPECT_EQ(bucket_of(10us + 1ns), 1u);
  EXPECT_EQ(bucket_of(20us), 1u);
  EXPECT_EQ(bucket_of(20us + 1ns), 2u);
}

TEST(Histogram, has_buckets_each_twice_as_long_as_the_one_before) {
  EXPECT_DOUBLE_EQ(Histogram::seconds_up_to(0), 0.00001);
  EXPECT_DOUBLE_EQ(Histogram::seconds_up_to(10), 0.01024);
  for (std::size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
    const auto longest = 10us * (std::int64_t{1} << i);
    EXPECT_EQ(bucket_of(longest), i);
    EXPECT_EQ(bucket_of(longest + 1ns), i + 1);
  }
}

TEST(Histogram, counts_what_is_longer_than_all_in_the_last) {
  EXPECT_EQ(bucket_of(24h), Histogram::kBuckets - 1);
}

TEST(Histogram, takes_a_clock_that_went_back_for_no_time) {
  Histogram histogram;
  histogram.observe(-5s);
  EXPECT_EQ(histogram.values().counts[0], 1u);
  EXPECT_EQ(histogram.values().nanoseconds, 0u);
}

TEST(Histogram, sums_times_and_adds_up_over_shards) {
  Histogram one, other;
  one.observe(1ms);
  other.observe(2ms, 3);
  Histogram::Values all = one.values();
  all.add(other.values());
  EXPECT_EQ(all.count(), 4u);
  EXPECT_EQ(all.nanoseconds, 7'000'000u);
}

}  // namespace
}  // namespace signalbox
