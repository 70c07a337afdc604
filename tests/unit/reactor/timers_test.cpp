#include <gtest/gtest.h>

#include <map>

#include "reactor/timers.hpp"

namespace signalbox::reactor {
namespace {

TimePoint at(int second) {
  return TimePoint(std::chrono::seconds(second));
}

TEST(Timers, come_up_in_their_order_and_count_who_has_one) {
  Timers timers;
  TimePoint first = kNever, second = kNever;
  timers.arm({.deadline = at(2), .slot = 2}, second);
  timers.arm({.deadline = at(1), .slot = 1}, first);
  timers.arm({.deadline = at(3), .slot = 1}, first);
  EXPECT_EQ(timers.armed(), 2u);
  EXPECT_EQ(first, at(1)) << "the earlier one stays; the later is seen when that comes up";
  EXPECT_FALSE(timers.due(at(0)));
  ASSERT_TRUE(timers.due(at(1)));
  EXPECT_EQ(timers.pop().slot, 1u);
  timers.disarm(first);
  EXPECT_EQ(timers.armed(), 1u);
  EXPECT_EQ(timers.next(), at(2));
  timers.disarm(second);
  timers.disarm(second);
  EXPECT_EQ(timers.armed(), 0u);
}

TEST(Timers, of_those_who_come_and_go_do_not_pile_up) {
  Timers timers;
  std::map<std::uint32_t, TimePoint> here;
  const auto counts = [&here](const TimerEntry& entry) { return here.contains(entry.slot); };
  for (std::uint32_t slot = 0; slot < 100'000; ++slot) {
    TimePoint armed = kNever;
    timers.arm({.deadline = at(30), .slot = slot}, armed);
    if (slot % 1000 == 0) {
      here[slot] = armed;
    } else {
      timers.disarm(armed);
    }
    if (timers.mostly_stale()) timers.drop_stale(counts);
    ASSERT_LE(timers.size(), 1500u);
  }
  EXPECT_EQ(timers.armed(), 100u);
  std::size_t found = 0;
  while (timers.due(at(30))) found += counts(timers.pop());
  EXPECT_EQ(found, 100u);
}

}  // namespace
}  // namespace signalbox::reactor
