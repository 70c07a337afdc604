#include "server/counts_log.hpp"

#include <gtest/gtest.h>

#include <string>

namespace signalbox::server {
namespace {

struct CountsLogTest : testing::Test {
  std::uint64_t a = 0, b = 0;
  int reads = 0;
  CountsLog counts{[this] {
    ++reads;
    return std::vector<Count>{{"a", a}, {"b", b}};
  }};
  std::string changed() {
    std::string out;
    for (const log::Field& field : counts.changed()) out += std::string(field.name) + '=' + field.value + ' ';
    return out;
  }
};

TEST_F(CountsLogTest, names_what_has_changed_with_its_sum_since_the_start) {
  EXPECT_EQ(changed(), "");
  b = 2;
  EXPECT_EQ(changed(), "b=2 ");
  EXPECT_EQ(changed(), "");
  a = 1, b = 5;
  EXPECT_EQ(changed(), "a=1 b=5 ");
}

TEST_F(CountsLogTest, looks_once_a_minute) {
  const TimePoint start{std::chrono::hours(1)};
  counts.on_timer(start);
  EXPECT_EQ(counts.next_deadline(), start + std::chrono::minutes(1));
  counts.on_timer(start + std::chrono::seconds(59));
  EXPECT_EQ(reads, 1);
  counts.on_timer(start + std::chrono::seconds(60));
  EXPECT_EQ(reads, 2);
}

}  // namespace
}  // namespace signalbox::server
