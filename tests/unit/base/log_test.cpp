#include "base/log.hpp"

#include <gtest/gtest.h>

namespace signalbox::log {
namespace {

using namespace std::chrono_literals;

TEST(RareLine, is_written_so_often_a_minute_and_then_says_how_many_were_left_out) {
  RareLine line(Level::error, 3);
  TimePoint now{1h};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(line.take(now += 1s), 0u);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(line.take(now));
  now += 56s;
  EXPECT_FALSE(line.take(now)) << "the minute began with the first";
  now += 2s;
  EXPECT_EQ(line.take(now), 101u);
  EXPECT_EQ(line.take(now), 0u) << "each is told once";
  EXPECT_EQ(line.take(now), 0u);
  EXPECT_FALSE(line.take(now));
}

TEST(RareLine, of_a_limit_comes_once_a_minute) {
  RareWarning warning;
  TimePoint now{1h};
  EXPECT_TRUE(warning.take(now));
  EXPECT_FALSE(warning.take(now + 59s));
  EXPECT_TRUE(warning.take(now + 60s));
}

}  // namespace
}  // namespace signalbox::log
