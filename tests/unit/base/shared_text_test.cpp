#include "base/shared_text.hpp"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

TEST(SharedText, holds_its_parts_one_after_the_other) {
  EXPECT_EQ(SharedText("text").view(), "text");
  EXPECT_EQ(SharedText({"a", "", "bc"}).view(), "abc");
}

TEST(SharedText, is_one_pointer_and_nothing_more_while_it_is_empty) {
  EXPECT_EQ(sizeof(SharedText), sizeof(void*));
  EXPECT_TRUE(SharedText().empty());
  EXPECT_TRUE(SharedText("").empty());
  EXPECT_EQ(SharedText("").view(), "");
}

TEST(SharedText, a_copy_is_the_same_memory_and_outlives_the_first) {
  SharedText first("text");
  SharedText copy = first;
  EXPECT_EQ(copy.view().data(), first.view().data());
  first = SharedText("other");
  EXPECT_EQ(copy.view(), "text");
  copy = std::move(first);
  EXPECT_EQ(copy.view(), "other");
  EXPECT_TRUE(first.empty());
}

TEST(SharedText, is_compared_by_what_it_says) {
  EXPECT_EQ(SharedText("text"), SharedText("text"));
  EXPECT_NE(SharedText("text"), SharedText("texts"));
  EXPECT_NE(SharedText(), SharedText("text"));
  EXPECT_EQ(SharedText(), SharedText(""));
}

}  // namespace
}  // namespace signalbox
