#include "base/counted.hpp"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

TEST(Counted, counts_while_it_lives_and_wherever_it_is_moved) {
  std::atomic<std::size_t> counter{0};
  {
    auto first = Counted::within(10, counter, 4);
    ASSERT_TRUE(first);
    EXPECT_EQ(counter, 4u);
    const Counted second = std::move(*first);
    first.reset();
    EXPECT_EQ(counter, 4u);
  }
  EXPECT_EQ(counter, 0u);
}

TEST(Counted, is_none_where_it_would_be_too_much) {
  std::atomic<std::size_t> counter{8};
  EXPECT_FALSE(Counted::within(10, counter, 3));
  EXPECT_TRUE(Counted::within(10, counter, 2));
  EXPECT_EQ(counter, 8u);
}

TEST(Counted, is_taken_over_from_one_who_left_it) {
  std::atomic<std::size_t> counter{0};
  auto left = Counted::within(1, counter);
  left->leave();
  left.reset();
  EXPECT_EQ(counter, 1u);
  {
    const Counted again = Counted::taken_over(counter);
  }
  EXPECT_EQ(counter, 0u);
}

}  // namespace
}  // namespace signalbox
