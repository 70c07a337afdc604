#include "base/json_plain.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include <signalbox/json.hpp>

namespace signalbox {
namespace {

TEST(PlainJson, counts_what_an_array_or_an_object_has) {
  EXPECT_EQ(plain_json_items(R"(["name",{"a":[1,2,3],"b":null}])", 3), 2u);
  EXPECT_EQ(plain_json_items(R"( { "a" : -0.5 , "b" : true , "c" : [ ] } )", 2), 3u);
  EXPECT_EQ(plain_json_items("[]", 1), 0u);
  for (const char* scalar : {"1", "\"text\"", "false", " null "}) EXPECT_EQ(plain_json_items(scalar, 0), 0u) << scalar;
}

TEST(PlainJson, leaves_to_a_parser_what_is_seldom_seen) {
  for (const char* text : {R"("a\n")", "\"\u00e4\"", "1e5", "0.5E-3"}) {
    EXPECT_TRUE(json::accept(text)) << text;
    EXPECT_EQ(plain_json_items(text, 8), std::nullopt) << text;
  }
  EXPECT_EQ(plain_json_items(std::string(100, '9'), 8), std::nullopt) << "such numbers may be too large for a browser";
}

TEST(PlainJson, takes_nothing_that_is_no_json) {
  using namespace std::string_view_literals;
  const std::string_view texts[] = {"",    " ",       "[",        "{",          "\"",    "[1,]",  "[,1]", "[1 2]",
                                    "[1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:2}", "01",   "-",
                                    "-01", "1.",      ".5",       "+1",         "tru",   "nul",   "True", "[1]]",
                                    "1 2", "\"\n\"",  "\"\x1f\"", "[\0]"sv,     "1\0"sv};
  for (const std::string_view text : texts) EXPECT_EQ(plain_json_items(text, 8), std::nullopt) << text;
}

TEST(PlainJson, nesting_is_bounded) {
  EXPECT_EQ(plain_json_items("[[1]]", 2), 1u);
  EXPECT_EQ(plain_json_items("[[1]]", 1), std::nullopt);
  EXPECT_EQ(plain_json_items(R"({"a":[]})", 1), std::nullopt);
  EXPECT_EQ(plain_json_items(std::string(100'000, '['), 200'000), std::nullopt);
}

TEST(PlainJson, takes_no_text_that_another_parser_refuses) {
  constexpr std::string_view kBytes = R"([]{}":,\ 0123456789.-etrufalsn)";
  const std::string good = R"({"a":[1,-2.50,"text of some length",true],"b":{"c":null,"d":""}})";
  std::minstd_rand dice(7);
  int taken = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string text = good;
    for (auto changes = 1 + dice() % 3; changes != 0; --changes)
      text[dice() % text.size()] = kBytes[dice() % kBytes.size()];
    if (!plain_json_items(text, 8)) continue;
    ++taken;
    ASSERT_TRUE(json::accept(text)) << text;
  }
  EXPECT_GT(taken, 1000);
}

}  // namespace
}  // namespace signalbox
