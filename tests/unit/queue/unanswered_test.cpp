#include "queue/unanswered.hpp"

#include <gtest/gtest.h>

namespace signalbox::queue {
namespace {

using Numbers = std::vector<Unanswered::Number>;

struct UnansweredTest : testing::Test {
  UnansweredTest() { outcomes.restart({.ms = 10}); }
  /// An outcome at that time.
  Unanswered::Number tell(std::uint64_t ms, const std::string& job, const std::string& user = "u") {
    const auto number =
        outcomes.add({.kind = JobReport::Kind::completed, .user = user, .queue = "q", .job_id = job, .members = "{}"});
    outcomes.told({.ms = ms});
    return number;
  }
  std::uint64_t position() const { return outcomes.position().ms; }

  Unanswered outcomes;
};

TEST_F(UnansweredTest, the_position_is_before_the_first_that_is_not_answered) {
  const auto a = tell(20, "a"), b = tell(30, "b");
  outcomes.told({.ms = 40});
  EXPECT_EQ(position(), 10u);
  outcomes.settle(b);
  EXPECT_EQ(position(), 10u);
  outcomes.settle(a);
  EXPECT_EQ(position(), 40u);
  EXPECT_EQ(outcomes.take_ended(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(outcomes.bytes(), 0u);
}

TEST_F(UnansweredTest, what_was_postponed_is_told_again_in_its_order) {
  const auto a = tell(20, "a"), b = tell(30, "b"), c = tell(40, "c");
  outcomes.postpone(c);
  outcomes.postpone(a);
  outcomes.settle(b);
  EXPECT_TRUE(outcomes.has_postponed());
  EXPECT_EQ(outcomes.take_postponed(), (Numbers{a, c}));
  EXPECT_FALSE(outcomes.has_postponed());
  EXPECT_EQ(outcomes.report(a).job_id, "a");
  outcomes.postpone(a);
  EXPECT_EQ(outcomes.take_postponed(), Numbers{a});
  EXPECT_EQ(position(), 10u);
}

TEST_F(UnansweredTest, an_outcome_that_the_job_has_left_behind_is_not_told_again) {
  const auto first = tell(20, "a"), second = tell(30, "a");
  outcomes.postpone(first);
  outcomes.settle(second);
  EXPECT_EQ(outcomes.take_postponed(), Numbers{});
  EXPECT_EQ(position(), 30u);
}

TEST_F(UnansweredTest, of_many_outcomes_of_a_job_only_the_newest_is_told_again) {
  const auto first = tell(20, "a"), other = tell(30, "b"), second = tell(40, "a"), third = tell(50, "a");
  for (const auto number : {first, other, second, third}) outcomes.postpone(number);
  EXPECT_EQ(outcomes.take_postponed(), (Numbers{other, third}));
  outcomes.settle(other);
  EXPECT_EQ(position(), 40u) << "what the job has left behind is settled";
}

TEST_F(UnansweredTest, an_id_that_is_used_again_for_another_user_leaves_nothing_behind) {
  const auto adas = tell(20, "a", "ada"), graces = tell(30, "a", "grace");
  for (const auto number : {adas, graces}) outcomes.postpone(number);
  EXPECT_EQ(outcomes.take_postponed(), (Numbers{adas, graces}));
  EXPECT_EQ(position(), 10u);
}

TEST_F(UnansweredTest, a_mended_outcome_may_yet_be_read_and_so_has_not_ended) {
  outcomes.settle(outcomes.add(
      {.kind = JobReport::Kind::completed, .user = "u", .queue = "q", .job_id = "a", .members = "{}"}, true));
  EXPECT_EQ(outcomes.take_ended(), std::vector<std::string>());
  EXPECT_EQ(outcomes.size(), 0u);
}

TEST_F(UnansweredTest, answers_to_what_was_forgotten_are_nobody_s) {
  const auto a = tell(20, "a");
  outcomes.restart({.ms = 5});
  EXPECT_FALSE(outcomes.has(a));
  const auto b = tell(30, "b");
  EXPECT_NE(a, b);
  EXPECT_EQ(position(), 5u);
}

TEST_F(UnansweredTest, the_position_goes_not_back) {
  outcomes.told({.ms = 50});
  outcomes.told({.ms = 40});
  EXPECT_EQ(position(), 50u);
}

}  // namespace
}  // namespace signalbox::queue
