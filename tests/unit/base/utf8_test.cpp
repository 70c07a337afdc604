#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

TEST(Utf8, that_is_well_formed_stays_as_it_is) {
  for (const char* text : {"", "abc", "\u00e9", "\u4e2d", "\U0001F600", "a\u00e9\u4e2d\U0001F600z"})
    EXPECT_EQ(made_valid_utf8(text), text);
}

TEST(Utf8, has_a_mark_for_each_byte_that_is_no_part_of_a_character) {
  EXPECT_EQ(made_valid_utf8("a\xe9z"), "a\uFFFDz") << "Latin-1";
  EXPECT_EQ(made_valid_utf8("\xc3"), "\uFFFD") << "cut off";
  EXPECT_EQ(made_valid_utf8("\xc0\xaf"), "\uFFFD\uFFFD") << "longer than need be";
  EXPECT_EQ(made_valid_utf8("\xed\xa0\x80!"), "\uFFFD\uFFFD\uFFFD!") << "half of a pair";
  EXPECT_EQ(made_valid_utf8("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD") << "past the last character";
  EXPECT_TRUE(valid_utf8(made_valid_utf8("\xff\xfe\xfd\xf0\x9f\x98")));
}

}  // namespace
}  // namespace signalbox
