#include "base/json_check.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json_scan.hpp"

namespace signalbox {
namespace {

TEST(ValidJson, takes_what_a_browser_takes) {
  for (const char* text :
       {"null", " [1, -0.5, 1e10] ", R"({"a":{"b":"\ud83d\udea6"},"a":2})", "\"\"", "100000000000000000000",
        "-123456789012345678901234567890", R"({"n":18446744073709551616})"}) {
    EXPECT_TRUE(valid_json(text, 128)) << text;
  }
}
TEST(ValidJson, refuses_what_a_browser_refuses_or_misreads) {
  for (const char* text :
       {"", "nul", "01", "+1", "1e400", "-1e400", "[1,]", "{\"a\":}", "{a:1}", "'a'", "\"\\ud800\"", "\"\\udc00x\"",
        "\"\xff\"", "\"\n\"", "[1]]", "1 2", "[NaN]", "\"\\x\"", "[123456789012345678901234567890,1e400]"}) {
    EXPECT_FALSE(valid_json(text, 128)) << text;
  }
}
TEST(ValidJson, nothing_hides_behind_a_nul_byte) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {"5\0x"sv, "5\0"sv, "123456789012345678901234567890\0x"sv, "[1]\0"sv,
                                      "[123456789012345678901234567890]\0x"sv, "\0"sv, "\"\0\""sv}) {
    EXPECT_FALSE(valid_json(text, 128)) << text;
  }
}
TEST(ValidJson, nesting_is_bounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(valid_json(nested(128), 128));
  EXPECT_FALSE(valid_json(nested(129), 128));
  EXPECT_FALSE(valid_json(std::string(100'000, '['), 128));
  EXPECT_TRUE(valid_json("\"" + std::string(1000, '[') + "\"", 1)) << "brackets in a string nest nothing";
}

TEST(JsonItems, slices_an_array_without_touching_its_bytes) {
  JsonItems items(R"( [ "a,]" , 1.50, {"x":[1,2]} ,null] )");
  EXPECT_TRUE(items.is_array());
  EXPECT_EQ(items.next(), R"("a,]")");
  EXPECT_EQ(items.rest(), R"(1.50, {"x":[1,2]} ,null)");
  EXPECT_EQ(items.next(), "1.50");
  EXPECT_EQ(items.next(), R"({"x":[1,2]})");
  EXPECT_EQ(items.next(), "null");
  EXPECT_EQ(items.next(), std::nullopt);
}
TEST(JsonItems, names_the_members_of_an_object) {
  JsonItems items(R"({"a\u0062":1, "c" : "d"})");
  EXPECT_EQ(items.next(), "1");
  EXPECT_EQ(items.key(), "ab");
  EXPECT_EQ(items.next(), "\"d\"");
  EXPECT_EQ(items.key(), "c");
  EXPECT_EQ(items.next(), std::nullopt);
}
TEST(JsonItems, what_is_no_list_has_no_items) {
  for (const char* text : {"", "1", "\"[\"", "[]", "{}", "null"})
    EXPECT_EQ(JsonItems(text).next(), std::nullopt) << text;
}
TEST(JsonString, undoes_escapes) {
  EXPECT_EQ(json_string(R"("a\n\u00e4\ud83d\udea6\"")"), "a\nä🚦\"");
  EXPECT_EQ(json_string("1"), std::nullopt);
}

}  // namespace
}  // namespace signalbox
