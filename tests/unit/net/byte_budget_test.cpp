#include "net/byte_budget.hpp"

#include <gtest/gtest.h>

namespace signalbox::net {
namespace {

constexpr Standing kNobody = Standing::unauthenticated, kUser = Standing::login;

struct ByteBudgetTest : testing::Test {
  ByteCounts counts;
  ByteBudget budget{counts, 100};
};

TEST_F(ByteBudgetTest, is_too_much_past_its_limit_and_says_so_to_who_added) {
  EXPECT_FALSE(budget.add(kUser, 100, 100));
  EXPECT_TRUE(budget.add(kUser, 1, 1));
  EXPECT_TRUE(budget.full());
  EXPECT_FALSE(budget.add(kUser, -1, -1));
  EXPECT_FALSE(budget.too_much());
}

TEST_F(ByteBudgetTest, says_nothing_to_who_takes_off_or_changes_nothing) {
  EXPECT_TRUE(budget.add(kUser, 200, 200));
  EXPECT_FALSE(budget.add(kUser, -10, -10));
  EXPECT_FALSE(budget.add(kUser, 0, 0));
  EXPECT_TRUE(budget.too_much());
}

TEST_F(ByteBudgetTest, gives_half_to_clients_who_have_shown_nothing) {
  EXPECT_FALSE(budget.add(kNobody, 50, 50));
  EXPECT_TRUE(budget.add(kNobody, 1, 1));
  EXPECT_FALSE(budget.full());
  EXPECT_TRUE(budget.unauthenticated_full());
  budget.move(kNobody, kUser, 51);
  EXPECT_FALSE(budget.too_much());
  EXPECT_EQ(counts.unauthenticated, 0u);
  EXPECT_EQ(counts.all, 51u);
}

TEST_F(ByteBudgetTest, moves_nothing_between_a_login_and_a_key) {
  EXPECT_FALSE(budget.add(kUser, 10, 10));
  budget.move(kUser, Standing::api_key, 10);
  EXPECT_EQ(counts.unauthenticated, 0u);
  budget.move(Standing::api_key, kNobody, 10);
  EXPECT_EQ(counts.unauthenticated, 10u);
}

TEST_F(ByteBudgetTest, counts_what_is_shared_once_and_judges_each_by_the_whole_of_it) {
  EXPECT_FALSE(budget.add(kNobody, 30, 30));
  EXPECT_TRUE(budget.add(kNobody, 0, 30));
  EXPECT_EQ(counts.all, 30u);
  EXPECT_EQ(counts.unauthenticated, 60u);
}

TEST_F(ByteBudgetTest, may_be_below_nought_for_a_moment) {
  EXPECT_FALSE(budget.add(kNobody, -5, -5));
  EXPECT_FALSE(budget.too_much());
  EXPECT_EQ(counts.bytes(), 0u);
}

}  // namespace
}  // namespace signalbox::net
