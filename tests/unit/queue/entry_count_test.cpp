#include "queue/entry_count.hpp"

#include <gtest/gtest.h>

namespace signalbox::queue {
namespace {

constexpr std::size_t kLarge = 200'000;  // bytes of an entry

TEST(EntryCount, is_bounded_for_a_queue_and_for_all) {
  const EntryCount count;
  EXPECT_EQ(count.of_each(1), 2000u);
  EXPECT_EQ(count.of_each(10), 2000u);
  EXPECT_EQ(count.of_each(40), 500u);
  EXPECT_EQ(count.of_each(500), 40u);
}

TEST(EntryCount, of_large_entries_is_small_for_as_long_as_they_come) {
  EntryCount count;
  for (int i = 0; i < 20; ++i) {
    count.on_answer(50, 50 * kLarge);
    EXPECT_LE(count.of_each(1) * kLarge, EntryCount::kBytes);
    EXPECT_LE(2 * count.of_each(2) * kLarge, EntryCount::kBytes);
  }
  for (int i = 0; i < 100; ++i) count.on_answer(50, 50);
  EXPECT_EQ(count.of_each(1), 2000u);
  count.on_answer(1, EntryCount::kBytes * 2);
  EXPECT_EQ(count.of_each(1), 1u);
}

TEST(EntryCount, is_less_after_each_loss_until_one_entry_is_too_much_and_grows_with_answers) {
  EntryCount count;
  for (const std::size_t wanted : {250u, 31u, 3u, 1u}) {
    count.on_lost();
    EXPECT_EQ(count.of_each(1), wanted);
    EXPECT_FALSE(count.one_is_too_much());
  }
  count.on_lost();
  EXPECT_TRUE(count.one_is_too_much());
  for (const std::size_t wanted : {2u, 4u, 8u, 16u, 32u, 64u, 128u, 256u, 512u, 1024u, 2000u}) {
    count.on_answer(0, 0);
    EXPECT_EQ(count.of_each(1), wanted);
  }
  EXPECT_FALSE(count.one_is_too_much());
}

}  // namespace
}  // namespace signalbox::queue
