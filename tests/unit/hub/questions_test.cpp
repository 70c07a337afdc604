#include "hub/questions.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace signalbox::hub::test {
namespace {

struct ManyAskers : testing::Test {
  static constexpr std::size_t kAskers = 16'000;
  /// Each asks once more; returns the processor time that it takes.
  std::clock_t all_ask() {
    const std::clock_t begun = std::clock();
    for (std::size_t i = 0; i < kAskers; ++i) {
      auto answer = [this](Questions::Answered answered) { under_way.push_back(std::move(answered)); };
      questions.ask({.user = "u" + std::to_string(i), .link = nullptr, .bytes = 1, .answer = std::move(answer)});
    }
    return std::clock() - begun;
  }

  Questions questions;
  std::vector<Questions::Answered> under_way{};
};

// To go through all who wait at every question would cost fifty times as much.
TEST_F(ManyAskers, cost_no_more_while_all_of_them_wait_for_an_answer) {
  const std::clock_t first = all_ask();
  EXPECT_LT(all_ask(), 10 * first);
  EXPECT_EQ(under_way.size(), kAskers) << "one question of each is being answered";
}
TEST_F(ManyAskers, are_answered_one_question_after_the_other) {
  all_ask();
  all_ask();
  for (Questions::Answered& answered : std::exchange(under_way, {})) answered({});
  questions.on_timer(Clock::now());
  EXPECT_EQ(under_way.size(), kAskers);
  for (Questions::Answered& answered : std::exchange(under_way, {})) answered({});
  questions.on_timer(Clock::now());
  EXPECT_TRUE(under_way.empty()) << "nobody has a third";
}

}  // namespace
}  // namespace signalbox::hub::test
