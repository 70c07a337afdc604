#include "recovery/pid.hpp"

#include <gtest/gtest.h>

namespace signalbox::recovery {
namespace {

TEST(Pid, names_its_node_and_is_another_each_time) {
  const std::string one = make_pid("a1B2c3"), other = make_pid("a1B2c3");
  EXPECT_EQ(node_of(one), "a1B2c3");
  EXPECT_NE(one, other);
  EXPECT_EQ(one.size(), 26u);
}

TEST(Pid, of_one_node_alone_names_none) {
  EXPECT_EQ(node_of(make_pid("")), "");
  EXPECT_EQ(make_pid("").size(), 20u);
}

TEST(Pid, a_text_that_is_none_names_no_node) {
  const std::string random(20, 'r');
  EXPECT_EQ(node_of(""), "");
  EXPECT_EQ(node_of("short"), "");
  EXPECT_EQ(node_of("a b c " + random), "");
  EXPECT_EQ(node_of("sb:0:n" + random), "");
  EXPECT_EQ(node_of(std::string(1000, 'a')), "");
}

}  // namespace
}  // namespace signalbox::recovery
