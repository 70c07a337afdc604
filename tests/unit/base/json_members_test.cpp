#include "base/json_members.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/json_value.hpp"

namespace signalbox {
namespace {

/// What a function that takes both was called with, and the text of it.
struct Taken {
  bool as_members;
  std::string text;
};
Taken take(const json& data) {
  std::string out;
  return {false, append_json(out, data, 128) ? out : "refused"};
}
Taken take(JsonMembers data) {
  std::string out;
  return {true, append_json(out, data, 128) ? out : "refused"};
}

std::string text_of(const json& value) {
  return take(value).text;
}

// Braces have commas, which a function-like macro takes for ends of its arguments unless it takes all there are.
#define EXPECT_MEMBERS(...)                                                  \
  do {                                                                       \
    EXPECT_TRUE(take(__VA_ARGS__).as_members) << #__VA_ARGS__;               \
    EXPECT_EQ(take(__VA_ARGS__).text, text_of(__VA_ARGS__)) << #__VA_ARGS__; \
  } while (false)
#define EXPECT_VALUE(expected, ...)                              \
  do {                                                           \
    EXPECT_FALSE(take(__VA_ARGS__).as_members) << #__VA_ARGS__;  \
    EXPECT_EQ(take(__VA_ARGS__).text, expected) << #__VA_ARGS__; \
  } while (false)

enum class Colour { red = 3 };

const std::string kText = "text";
const std::string_view kView = "view";
const json kObject = {{"q", 1}};

TEST(JsonMembers, are_written_as_their_json_value_is) {
  EXPECT_EQ(take({{"jobId", "7"}, {"progress", 50}, {"status", "processing"}}).text,
            R"({"jobId":"7","progress":50,"status":"processing"})");
  EXPECT_MEMBERS({{"b", 1}, {"a", 2}});
  EXPECT_MEMBERS({{"a", "b"}});
  EXPECT_MEMBERS({{"a", "b"}, {"c", "d"}});
  EXPECT_MEMBERS({{kText, kText}, {kView, kView}});
  EXPECT_MEMBERS({{"a", kObject}, {"b", json::array()}, {"c", json{{"x", 1}}}, {"d", json()}});
  EXPECT_MEMBERS({{"", ""}, {"a \"b\"", "\n\x01"}, {"größe", "€"}});
}

TEST(JsonMembers, live_until_the_end_of_the_call) {
  EXPECT_MEMBERS({{"a" + kText, kText + "b"}, {"c", {{kText + kText, std::string(100, 'x')}}}, {"d", json(kText)}});
}

TEST(JsonMembers, have_members_of_their_own) {
  EXPECT_MEMBERS({{"k", {{"a", 1}}}});
  EXPECT_MEMBERS({{"k", {{"a", {{"b", {{"c", kText}, {"d", {}}}}}}}}, {"x", true}});
  EXPECT_MEMBERS({{"k", {{"a", "b"}}}});
}

TEST(JsonMembers, that_are_none_are_null) {
  EXPECT_EQ(take({}).text, "null");
  EXPECT_MEMBERS({{"a", {}}});
  EXPECT_MEMBERS({{"a", {{"b", {}}}}, {"c", nullptr}});
}

TEST(JsonMembers, have_texts_of_any_form) {
  char buffer[8] = "buffer";
  const char* const literal = "literal";
  char* const pointer = buffer + 1;
  EXPECT_MEMBERS({{buffer, buffer}, {literal, literal}, {pointer, pointer}});
  EXPECT_MEMBERS({{"ends\0here", "and\0here"}});
  EXPECT_MEMBERS({{"all of it", std::string("a\0b", 3)}});
  EXPECT_MEMBERS({{"not \xFE UTF-8", "\xC3"}});
  const char* const none = nullptr;
  EXPECT_THROW(static_cast<void>(take({{"a", none}})), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(take({{none, "a"}})), std::invalid_argument);
}

TEST(JsonMembers, have_numbers_of_any_size) {
  using Long = std::numeric_limits<std::int64_t>;
  EXPECT_MEMBERS({{"a", Long::min()}, {"b", Long::max()}, {"c", std::numeric_limits<std::uint64_t>::max()}});
  EXPECT_MEMBERS({{"a", 'c'}, {"b", L'c'}, {"c", u'c'}, {"d", static_cast<signed char>(-3)}, {"e", std::uint8_t{200}}});
  EXPECT_MEMBERS({{"a", 0}, {"b", -1L}, {"c", 1U}, {"d", std::int16_t{-300}}, {"e", true}, {"f", false}});
}

TEST(JsonMembers, have_floating_numbers_as_json_stringify_prints_them) {
  for (const double value : {0.0, -0.0, 0.1, 1.0, -1.5, 1e21, 1e20, 123456789012345680.0, 1e-7, 5e-324,
                             1.7976931348623157e308, std::nan(""), HUGE_VAL, -HUGE_VAL, 9007199254740993.0})
    EXPECT_MEMBERS({{"a", value}});
  EXPECT_MEMBERS({{"a", 0.1F}, {"b", 1.5L}});
  EXPECT_EQ(take({{"a", std::nan("")}, {"b", HUGE_VAL}, {"c", 1e21}}).text, R"({"a":null,"b":null,"c":1e+21})");
}

TEST(JsonMembers, of_one_name_are_the_first_of_them) {
  EXPECT_MEMBERS({{"a", 1}, {"b", 2}, {"a", 3}, {"b", 4}, {"c", 5}});
  EXPECT_MEMBERS({{"a", {{"a", 1}, {"a", 2}}}, {"a", 3}});
  EXPECT_EQ(take({{"a", 1}, {"a", 2}}).text, R"({"a":1})");
}

TEST(JsonMembers, count_their_depth) {
  const auto depth = [](JsonMembers members, std::size_t most) {
    std::string out;
    return append_json(out, members, most);
  };
  EXPECT_TRUE(depth({}, 0));
  EXPECT_FALSE(depth({{"a", 1}}, 0));
  EXPECT_TRUE(depth({{"a", {{"b", 1}}}}, 2));
  EXPECT_FALSE(depth({{"a", {{"b", 1}}}}, 1));
  EXPECT_TRUE(depth({{"a", json::array({1})}}, 2));
  EXPECT_FALSE(depth({{"a", json::array({1})}}, 1));
  EXPECT_FALSE(depth({{"a", json(json::value_t::discarded)}}, 2)) << "no value";
}

TEST(JsonMembers, are_not_what_other_braces_mean) {
  EXPECT_VALUE(R"(["a",1])", {"a", 1});
  EXPECT_VALUE(R"(["a","b"])", {"a", "b"});
  EXPECT_VALUE(R"(["text","text"])", {kText, kText});
  EXPECT_VALUE(R"([1,2,3])", {1, 2, 3});
  EXPECT_VALUE(R"([null])", {{}});
  EXPECT_VALUE(R"([["a"],["b"]])", {{"a"}, {"b"}});
  EXPECT_VALUE(R"([["a",1],2])", {{"a", 1}, 2});
  EXPECT_VALUE(R"([["a",1],["b"]])", {{"a", 1}, {"b"}});
  EXPECT_VALUE(R"([["a",1],["b",2,3]])", {{"a", 1}, {"b", 2, 3}});
  EXPECT_VALUE(R"([["a",1,2]])", {{"a", 1, 2}});
  EXPECT_VALUE(R"([[1,"a"]])", {{1, "a"}});
  EXPECT_VALUE(R"([[null,1]])", {{nullptr, 1}});
  EXPECT_VALUE(R"([{"a":1}])", {{{"a", 1}}});
  EXPECT_VALUE(R"([{"a":1,"b":2}])", {{{"a", 1}, {"b", 2}}});
  EXPECT_VALUE(R"([[["a",1],2]])", {{{"a", 1}, 2}});  // no text of one byte
  EXPECT_VALUE(R"([[["a"],2]])", {{{"a"}, 2}});
}

TEST(JsonMembers, are_none_with_an_array_or_another_type_inside) {
  EXPECT_VALUE(R"({"k":[1,2,3]})", {{"k", {1, 2, 3}}});
  EXPECT_VALUE(R"({"k":[1]})", {{"k", {1}}});
  EXPECT_VALUE(R"({"k":["text"]})", {{"k", {kText}}});
  EXPECT_VALUE(R"({"k":["a","b"]})", {{"k", {"a", "b"}}});
  EXPECT_VALUE(R"({"k":["a",1]})", {{"k", {"a", 1}}});
  EXPECT_VALUE(R"({"k":[null]})", {{"k", {{}}}});
  EXPECT_VALUE(R"({"k":[{"a":1}]})", {{"k", {{{"a", 1}}}}});
  EXPECT_VALUE(R"({"a":1,"k":{"b":[1]}})", {{"a", 1}, {"k", {{"b", {1}}}}});
  EXPECT_VALUE(R"({"k":[1,2]})", {{"k", std::vector<int>{1, 2}}});
  EXPECT_VALUE(R"({"k":{"a":1}})", {{"k", std::map<std::string, int>{{"a", 1}}}});
  EXPECT_VALUE(R"({"k":3})", {{"k", Colour::red}});
  EXPECT_VALUE(R"({"text":1})", {{json(kText), 1}});
}

TEST(JsonMembers, are_none_where_there_are_no_braces) {
  EXPECT_VALUE(R"({"q":1})", kObject);
  EXPECT_VALUE(R"({"a":1})", json{{"a", 1}});
  EXPECT_VALUE("{}", json::object());
  EXPECT_VALUE("\"text\"", kText);
  EXPECT_VALUE("7", 7);
  EXPECT_VALUE("null", nullptr);
}

static_assert(!std::is_copy_constructible_v<JsonMember> && !std::is_move_constructible_v<JsonMember>);
static_assert(!std::is_default_constructible_v<JsonMember>);
static_assert(!std::is_convertible_v<const json&, JsonMembers>);

}  // namespace
}  // namespace signalbox
