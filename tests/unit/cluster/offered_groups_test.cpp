#include "cluster/offered_groups.hpp"

#include <gtest/gtest.h>

namespace signalbox::cluster::test {
namespace {

struct OfferedGroupsTest : testing::Test {
  OfferedGroups groups;
  int called = 0;
  void wait_for(users::CommitGroup group) {
    groups.when_ended(group, [this] { ++called; });
  }
};

TEST_F(OfferedGroupsTest, calls_back_once_when_all_has_ended) {
  groups.begin(1);
  groups.begin(1);
  wait_for(1);
  groups.end(1);
  EXPECT_EQ(called, 0);
  groups.end(1);
  EXPECT_EQ(called, 1);
  groups.end(1);
  EXPECT_EQ(called, 1);
}

TEST_F(OfferedGroupsTest, calls_back_at_once_when_nothing_is_on_its_way_any_more) {
  groups.begin(1);
  groups.end(1);
  wait_for(1);
  wait_for(2);
  EXPECT_EQ(called, 2);
}

TEST_F(OfferedGroupsTest, of_several_groups_each_is_for_itself) {
  groups.begin(1);
  groups.begin(2);
  wait_for(1);
  groups.end(2);
  EXPECT_EQ(called, 0);
  groups.end(1);
  EXPECT_EQ(called, 1);
}

TEST_F(OfferedGroupsTest, nobody_waits_for_what_is_of_no_group) {
  groups.begin(0);
  wait_for(0);
  EXPECT_EQ(called, 1);
  groups.end(0);
}

TEST_F(OfferedGroupsTest, who_waits_may_begin_anew) {
  groups.begin(1);
  groups.when_ended(1, [this] {
    groups.begin(2);
    wait_for(2);
  });
  groups.end(1);
  groups.end(2);
  EXPECT_EQ(called, 1);
}

TEST_F(OfferedGroupsTest, in_the_end_all_are_called_and_nobody_waits_later) {
  groups.begin(1);
  groups.begin(2);
  wait_for(1);
  groups.end_all();
  EXPECT_EQ(called, 1);
  wait_for(2);
  groups.begin(3);
  wait_for(3);
  EXPECT_EQ(called, 3);
  groups.end(3);
}

}  // namespace
}  // namespace signalbox::cluster::test
