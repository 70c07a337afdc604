#include "base/percent.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace signalbox {
namespace {

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  return percent_decode(text, out) ? std::optional(out) : std::nullopt;
}

TEST(PercentDecode, undoes_what_a_query_string_has) {
  EXPECT_EQ(decoded(""), "");
  EXPECT_EQ(decoded("websocket"), "websocket");
  EXPECT_EQ(decoded("a+b%2Bc%20d%C3%A9"), "a b+c d\u00e9");
  EXPECT_EQ(decoded("+%00+"), std::string(" \0 ", 3));
  EXPECT_EQ(decoded("%2541"), "%41") << "once";
}

TEST(PercentDecode, leaves_a_plus_as_it_is_where_that_stands_for_itself) {
  std::string out;
  EXPECT_TRUE(percent_decode("p+ss%2Bw%20rd", out, '+'));
  EXPECT_EQ(out, "p+ss+w rd");
}

TEST(PercentDecode, refuses_a_percent_sign_that_no_two_digits_follow) {
  for (const char* text : {"%", "a%4", "%zz", "%4", "%4g", "ok%41%"}) EXPECT_EQ(decoded(text), std::nullopt) << text;
}

}  // namespace
}  // namespace signalbox
