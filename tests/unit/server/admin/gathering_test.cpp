#include "server/admin/gathering.hpp"

#include <gtest/gtest.h>

#include <optional>

// Answers that come in parts from several threads.
namespace signalbox::server::admin {
namespace {

using std::chrono::seconds;
constexpr TimePoint kStart{std::chrono::hours(1)};

void put_one(Gathered& rest) {
  ++rest.disconnected;
}

struct GatheringTest : testing::Test {
  std::uint64_t begin(std::size_t parts, TimePoint now = kStart) {
    return gathering.begin(parts, now, [this](Gathered found) { answers.push_back(std::move(found)); });
  }
  Gathering gathering;
  std::vector<Gathered> answers;
};

TEST_F(GatheringTest, ends_when_all_parts_are_there) {
  const auto one = begin(2), other = begin(1);
  gathering.add(one, put_one);
  EXPECT_TRUE(answers.empty());
  gathering.add(other, put_one);
  gathering.add(one, put_one);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].disconnected, 1u);
  EXPECT_EQ(answers[1].disconnected, 2u);
  EXPECT_TRUE(answers[1].whole);
  EXPECT_EQ(gathering.next_deadline(), kNever);
}

TEST_F(GatheringTest, ends_at_once_where_nobody_is_to_be_asked) {
  begin(0);
  EXPECT_EQ(answers.size(), 1u);
}

TEST_F(GatheringTest, waits_two_seconds_and_no_longer_for_one_that_hangs) {
  const auto one = begin(2);
  begin(1, kStart + seconds(1));
  gathering.add(one, put_one);
  EXPECT_EQ(gathering.next_deadline(), kStart + seconds(2));
  gathering.on_timer(kStart + seconds(2));
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].disconnected, 1u);
  EXPECT_FALSE(answers[0].whole);
  gathering.add(one, put_one);  // too late
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_EQ(gathering.next_deadline(), kStart + seconds(3));
}

}  // namespace
}  // namespace signalbox::server::admin
