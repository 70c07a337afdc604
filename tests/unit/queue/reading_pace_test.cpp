#include "queue/reading_pace.hpp"

#include <gtest/gtest.h>

namespace signalbox::queue {
namespace {

constexpr Milliseconds kNone{0};

TEST(ReadingPace, does_not_wait_while_entries_come_slowly) {
  ReadingPace pace;
  TimePoint now{Milliseconds{1'000'000}};
  for (int i = 0; i < 100; ++i) EXPECT_EQ(pace.on_read(4, now += Milliseconds{10}), kNone);
}

TEST(ReadingPace, waits_for_others_while_they_come_fast) {
  ReadingPace pace;
  TimePoint now{Milliseconds{1'000'000}};
  for (int i = 0; i < 20; ++i) static_cast<void>(pace.on_read(120, now += Milliseconds{10}));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(pace.on_read(120, now += Milliseconds{10}), ReadingPace::kPause);
}

TEST(ReadingPace, does_not_wait_for_others_behind_one_that_comes_after_silence) {
  ReadingPace pace;
  TimePoint now{Milliseconds{1'000'000}};
  for (int i = 0; i < 100; ++i) static_cast<void>(pace.on_read(120, now += Milliseconds{10}));
  EXPECT_EQ(pace.on_read(1, now + Milliseconds{2000}), kNone);
}

TEST(ReadingPace, does_not_wait_behind_many_that_were_written_together) {
  ReadingPace pace;
  EXPECT_EQ(pace.on_read(400, TimePoint{Milliseconds{1'000'000}}), kNone);
}

}  // namespace
}  // namespace signalbox::queue
