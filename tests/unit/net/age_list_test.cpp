#include "net/age_list.hpp"

#include <gtest/gtest.h>

namespace signalbox::net {
namespace {

struct Waiter {
  std::unique_ptr<AgePlace<Waiter>> place{};
};

TimePoint second(int n) {
  return TimePoint(std::chrono::seconds(n));
}

struct AgeListTest : testing::Test {
  AgeListTest() {
    int n = 0;
    for (Waiter* one : {&a, &b, &c}) list.add(*one, second(++n));
  }
  Waiter a, b, c;
  AgeList<Waiter, &Waiter::place> list;
};

TEST_F(AgeListTest, knows_the_oldest_and_since_when_it_is_there) {
  EXPECT_EQ(list.oldest(), &a);
  EXPECT_EQ(list.oldest_since(), second(1));
}

TEST_F(AgeListTest, lets_any_go_once) {
  EXPECT_TRUE(list.remove(b));
  EXPECT_FALSE(list.remove(b));
  EXPECT_TRUE(list.remove(a));
  EXPECT_EQ(list.oldest(), &c);
  EXPECT_FALSE(list.has_several());
  EXPECT_TRUE(list.remove(c));
  EXPECT_EQ(list.oldest(), nullptr);
  EXPECT_FALSE(list.has_several());
}

TEST_F(AgeListTest, takes_who_comes_back_as_the_newest) {
  list.remove(c);
  list.remove(a);
  list.add(a, second(4));
  EXPECT_EQ(list.oldest(), &b);
  list.remove(b);
  EXPECT_EQ(list.oldest(), &a);
  EXPECT_EQ(list.oldest_since(), second(4));
}

}  // namespace
}  // namespace signalbox::net
