#include "net/touched_list.hpp"

#include <gtest/gtest.h>

namespace signalbox::net {
namespace {

struct Touched {
  int looks = 0;
  bool listed = false;
};

TEST(TouchedList, looks_at_each_once) {
  Touched one, other;
  TouchedList<Touched> list;
  list.add(one);
  list.add(other);
  list.add(one);
  list.look([](Touched& each) { ++each.looks; });
  EXPECT_EQ(one.looks, 1);
  EXPECT_EQ(other.looks, 1);
  EXPECT_TRUE(list.empty());
}

TEST(TouchedList, looks_later_at_what_is_touched_during_a_look) {
  Touched one;
  TouchedList<Touched> list;
  list.add(one);
  const auto look = [&list](Touched& each) {
    if (++each.looks == 1) list.add(each);
  };
  list.look(look);
  EXPECT_EQ(one.looks, 1);
  EXPECT_FALSE(list.empty());
  list.look(look);
  EXPECT_EQ(one.looks, 2);
  EXPECT_TRUE(list.empty());
}

TEST(TouchedList, may_be_cleared_and_then_has_them_again) {
  Touched one;
  TouchedList<Touched> list;
  list.add(one);
  list.clear();
  EXPECT_TRUE(list.empty());
  list.add(one);
  EXPECT_FALSE(list.empty());
}

}  // namespace
}  // namespace signalbox::net
