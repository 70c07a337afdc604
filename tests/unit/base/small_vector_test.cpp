#include "base/small_vector.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace signalbox {
namespace {

using Pointers = SmallVector<std::unique_ptr<int>, 1>;

std::vector<int> values(const Pointers& list) {
  std::vector<int> out;
  for (const auto& item : list) out.push_back(*item);
  return out;
}

TEST(SmallVector, is_as_large_as_a_pointer_and_its_sizes_if_one_pointer_stands_in_place) {
  EXPECT_EQ(sizeof(Pointers), 2 * sizeof(void*));
}

TEST(SmallVector, keeps_the_order_when_it_outgrows_its_place) {
  Pointers list;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(*list.push_back(std::make_unique<int>(i)), i);
  EXPECT_EQ(values(list), (std::vector{0, 1, 2, 3, 4}));
  EXPECT_EQ(*list.front(), 0);
  EXPECT_EQ(*list.back(), 4);
}

TEST(SmallVector, clear_gives_back_what_did_not_stand_in_place) {
  Pointers list;
  for (int i = 0; i < 5; ++i) list.push_back(std::make_unique<int>(i));
  list.clear();
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.capacity(), 1u);
  list.push_back(std::make_unique<int>(9));
  EXPECT_EQ(values(list), std::vector{9});
}

TEST(SmallVector, does_what_a_vector_does) {
  std::minstd_rand dice(1);
  std::vector<int> want;
  Pointers list;
  for (int i = 0; i < 10'000; ++i) {
    const auto place = static_cast<std::ptrdiff_t>(dice() % (want.size() + 1));
    if (dice() % 2 == 0 && want.size() < 20) {
      want.insert(want.begin() + place, i);
      list.insert(list.begin() + place, std::make_unique<int>(i));
    } else if (const auto last = std::min(place + 2, static_cast<std::ptrdiff_t>(want.size())); place < last) {
      want.erase(want.begin() + place, want.begin() + last);
      list.erase(list.begin() + place, list.begin() + last);
    }
    if (dice() % 100 == 0) want.clear(), list.clear();
    ASSERT_EQ(values(list), want);
    ASSERT_EQ(list.size(), want.size());
  }
}

}  // namespace
}  // namespace signalbox
