#include "hub/hash_index.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace signalbox::hub {
namespace {

using Index = HashIndex<std::uint32_t, ~std::uint32_t{0}>;

// Few hashes, so that most stand elsewhere than at their homes, around the end of the slots too.
std::uint32_t hash_of(std::uint32_t value) {
  return value % 7 + 250;
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
    const std::uint32_t count = random() % 60;
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
      const bool found = index.find(hash_of(value), [&](std::uint32_t at) { return at == value; }) == value;
      ASSERT_EQ(found, !over.contains(value)) << value;
    }
  }
}

}  // namespace
}  // namespace signalbox::hub
