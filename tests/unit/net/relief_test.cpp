#include "net/relief.hpp"

#include <gtest/gtest.h>

namespace signalbox::net {
namespace {

TEST(Urgency, is_greatest_for_clients_who_have_shown_nothing_and_least_for_workers) {
  EXPECT_GT(Urgency(Standing::unauthenticated, 1), Urgency(Standing::login, 1000));
  EXPECT_GT(Urgency(Standing::login, 1), Urgency(Standing::api_key, 1000));
  EXPECT_GT(Urgency(Standing::login, 2), Urgency(Standing::login, 1));
}

TEST(ReliefRound, looks_first_and_then_lets_those_go_who_are_half_as_urgent_as_the_most_urgent) {
  ReliefRound round;
  for (const std::uint64_t weight : {100u, 60u, 40u}) EXPECT_FALSE(round.reaches({Standing::login, weight}));
  ASSERT_TRUE(round.next());
  EXPECT_TRUE(round.reaches({Standing::login, 100}));
  EXPECT_TRUE(round.reaches({Standing::login, 60}));
  EXPECT_FALSE(round.reaches({Standing::login, 40}));
  ASSERT_TRUE(round.next());
  EXPECT_TRUE(round.reaches({Standing::login, 40}));
  EXPECT_FALSE(round.next()) << "nobody is left";
}

TEST(ReliefRound, makes_a_quarter_more_room_among_clients_who_have_shown_nothing) {
  ByteCounts counts;
  ByteBudget budget(counts, 800);
  ReliefRound round;
  EXPECT_TRUE(budget.add(Standing::unauthenticated, 401, 401));
  round.look_at(budget);
  EXPECT_TRUE(round.too_much(budget, Standing::unauthenticated));
  EXPECT_FALSE(round.too_much(budget, Standing::login)) << "the whole is not full";
  static_cast<void>(budget.add(Standing::unauthenticated, -101, -101));
  EXPECT_FALSE(round.too_much(budget, Standing::unauthenticated));
}

TEST(ReliefRound, leaves_an_eighth_to_clients_who_have_shown_nothing_however_much_others_hold) {
  ByteCounts counts;
  ByteBudget budget(counts, 800);
  const ReliefRound round;
  static_cast<void>(budget.add(Standing::unauthenticated, 100, 100));
  static_cast<void>(budget.add(Standing::login, 900, 900));
  EXPECT_FALSE(round.too_much(budget, Standing::unauthenticated));
  EXPECT_TRUE(round.too_much(budget, Standing::login));
  static_cast<void>(budget.add(Standing::unauthenticated, 1, 1));
  EXPECT_TRUE(round.too_much(budget, Standing::unauthenticated));
}

}  // namespace
}  // namespace signalbox::net
