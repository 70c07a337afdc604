#include "base/json_value.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>

namespace signalbox {
namespace {

std::string printed(const json& value, std::size_t max_depth = 128) {
  std::string out;
  return append_json(out, value, max_depth) ? out : "refused";
}

TEST(JsonValue, prints_what_JSON_stringify_prints) {
  EXPECT_EQ(printed({{"z", 1}, {"a", {true, false, nullptr, "x\"y"}}, {"n", -2}, {"f", 0.5}}),
            R"({"z":1,"a":[true,false,null,"x\"y"],"n":-2,"f":0.5})");
  EXPECT_EQ(printed(json::array()), "[]");
  EXPECT_EQ(printed(json::object()), "{}");
  EXPECT_EQ(printed(50.0), "50");
  EXPECT_EQ(printed(UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(printed(INT64_MIN), "-9223372036854775808");
}
TEST(JsonValue, what_JSON_cannot_say_is_null_or_replaced) {
  EXPECT_EQ(printed({NAN, INFINITY}), "[null,null]");
  EXPECT_EQ(printed("a\xff"), "\"a\xEF\xBF\xBD\"");
  EXPECT_EQ(printed({{"\xff", 1}}), "{\"\xEF\xBF\xBD\":1}");
}
TEST(JsonValue, is_nested_no_deeper_than_it_may_be) {
  EXPECT_EQ(printed(1, 0), "1");
  EXPECT_EQ(printed({{"a", {1}}}, 2), R"({"a":[1]})");
  EXPECT_EQ(printed({{"a", {1}}}, 1), "refused");
  EXPECT_EQ(printed(json::array(), 0), "refused");
  EXPECT_EQ(printed(json(json::value_t::discarded)), "refused");
}

}  // namespace
}  // namespace signalbox
