#include "redis/backoff.hpp"

#include <gtest/gtest.h>

namespace signalbox::redis {
namespace {

TEST(Backoff, doubles_from_50_ms_to_2_s_and_begins_anew_after_a_success) {
  Backoff backoff(1);
  for (const int most : {50, 100, 200, 400, 800, 1600, 2000, 2000}) {
    const auto wait = backoff.next();
    EXPECT_GE(wait, Milliseconds(most / 2));
    EXPECT_LE(wait, Milliseconds(most));
  }
  backoff.reset();
  EXPECT_LE(backoff.next(), Milliseconds(50));
}

TEST(Backoff, does_not_bring_all_back_in_one_moment) {
  std::vector<Milliseconds> waits;
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    Backoff backoff(seed);
    for (int i = 0; i < 5; ++i) static_cast<void>(backoff.next());
    waits.push_back(backoff.next());
  }
  std::ranges::sort(waits);
  EXPECT_GT(waits[75] - waits[25], Milliseconds(200));
}

}  // namespace
}  // namespace signalbox::redis
