#include "cluster/offered_groups.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace signalbox::cluster::test {
namespace {

struct OfferedGroupsTest : testing::Test {
  OfferedGroups groups{[this](std::move_only_function<void()> then) { elsewhere.push_back(std::move(then)); }};
  std::vector<std::move_only_function<void()>> elsewhere;
  int called = 0, refused = 0;
  /// One of that group. Who waits is called.
  void end(users::CommitGroup group, bool room = true) {
    groups.end(group, room);
    for (auto& each : std::exchange(elsewhere, {})) each();
  }
  void wait_for(users::CommitGroup group) {
    groups.when_ended(group, [this](bool room) { room ? ++called : ++refused; });
  }
};

TEST_F(OfferedGroupsTest, calls_back_once_when_all_has_ended) {
  groups.begin(1);
  groups.begin(1);
  wait_for(1);
  end(1);
  EXPECT_EQ(called, 0);
  end(1);
  EXPECT_EQ(called, 1);
  end(1);
  EXPECT_EQ(called, 1);
}

TEST_F(OfferedGroupsTest, who_waits_is_not_called_where_Redis_answers) {
  groups.begin(1);
  wait_for(1);
  groups.end(1);
  EXPECT_EQ(called, 0);
  ASSERT_EQ(elsewhere.size(), 1u);
  elsewhere.front()();
  EXPECT_EQ(called, 1);
}

TEST_F(OfferedGroupsTest, tells_whether_there_was_room_for_all_of_it) {
  for (const bool in_time : {true, false}) {
    groups.begin(1);
    groups.begin(1);
    if (in_time) wait_for(1);
    end(1, false);
    end(1);
    if (!in_time) wait_for(1);
  }
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(called, 0);
}

TEST_F(OfferedGroupsTest, calls_back_at_once_when_nothing_is_on_its_way_any_more) {
  groups.begin(1);
  end(1);
  wait_for(1);
  wait_for(2);
  EXPECT_EQ(called, 2);
}

TEST_F(OfferedGroupsTest, of_several_groups_each_is_for_itself) {
  groups.begin(1);
  groups.begin(2);
  wait_for(1);
  end(2);
  EXPECT_EQ(called, 0);
  end(1);
  EXPECT_EQ(called, 1);
}

TEST_F(OfferedGroupsTest, nobody_waits_for_what_is_of_no_group) {
  groups.begin(0);
  wait_for(0);
  EXPECT_EQ(called, 1);
  end(0);
}

TEST_F(OfferedGroupsTest, who_waits_may_begin_anew) {
  groups.begin(1);
  groups.when_ended(1, [this](bool) {
    groups.begin(2);
    wait_for(2);
  });
  end(1);
  end(2);
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
  end(3);
}

}  // namespace
}  // namespace signalbox::cluster::test
