#include "users/hash_index.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace signalbox::users {
namespace {

using Index = HashIndex<std::uint32_t, ~std::uint32_t{0}>;

// Few hashes, so that most stand elsewhere than at their homes, around the end of the buckets too.
std::uint32_t hash_of(std::uint32_t value) {
  return value % 3 + 254;
}

bool finds(const Index& index, std::uint32_t value) {
  return index.find(hash_of(value), [value](std::uint32_t at) { return at == value; }) == value;
}

TEST(HashIndex, visits_each_of_its_values_once) {
  Index index;
  for (std::uint32_t value = 0; value < 50; ++value) index.add(hash_of(value), value);
  std::multiset<std::uint32_t> seen;
  index.each([&](std::uint32_t value) { seen.insert(value); });
  EXPECT_EQ(seen.size(), 50u);
  for (std::uint32_t value = 0; value < 50; ++value) EXPECT_EQ(seen.count(value), 1u) << value;
}

TEST(HashIndex, asks_for_all_who_is_over_and_keeps_finding_the_others) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    Index index;
    std::set<std::uint32_t> over, asked;
    const auto count = static_cast<std::uint32_t>(random() % 60);
    for (std::uint32_t value = 0; value < count; ++value) {
      index.add(hash_of(value), value);
      if (random() % 2 == 0) over.insert(value);
    }
    index.remove_if([&](std::uint32_t value) {
      asked.insert(value);
      return over.contains(value);
    });
    ASSERT_EQ(asked.size(), count);
    ASSERT_EQ(index.size(), count - over.size());
    for (std::uint32_t value = 0; value < count; ++value) {
      ASSERT_EQ(finds(index, value), !over.contains(value)) << value;
    }
  }
}

TEST(HashIndex, finds_what_was_added_and_not_removed_whatever_came_between) {
  std::mt19937 random(2);
  Index index;
  std::set<std::uint32_t> there;
  for (int step = 0; step < 20'000; ++step) {
    const auto value = static_cast<std::uint32_t>(random() % 100);
    if (there.insert(value).second) {
      index.add(hash_of(value), value);
    } else {
      there.erase(value);
      index.remove(hash_of(value), value);
    }
    ASSERT_EQ(index.size(), there.size());
    for (const std::uint32_t other : {value, std::uint32_t{0}, std::uint32_t{50}, std::uint32_t{99}})
      ASSERT_EQ(finds(index, other), there.contains(other)) << other;
  }
}

TEST(HashIndex, takes_a_hash_of_zero_like_any_other) {
  Index index;
  index.add(0, 5);
  index.add(1, 6);
  EXPECT_EQ(index.find(0, [](std::uint32_t at) { return at == 5; }), 5u);
  index.remove(0, 5);
  EXPECT_EQ(index.size(), 1u);
  EXPECT_EQ(index.find(1, [](std::uint32_t) { return true; }), 6u);
}

}  // namespace
}  // namespace signalbox::users
