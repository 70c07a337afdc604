#include "base/json_check.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <limits>
#include <string>
#include <vector>

#include <signalbox/json.hpp>

#include "base/clock.hpp"
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
TEST(ValidJson, a_string_is_read_alike_wherever_in_it_something_stands) {
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t behind = 0; behind < 20; ++behind) {
      const auto with = [&](std::string_view inside) {
        return '"' + std::string(before, 'x') + std::string(inside) + std::string(behind, 'y') + '"';
      };
      for (const char* inside :
           {"", "\\\"", "\\\\", "\\u00e4", "\\ud83d\\udea6", "\u00e4", "\u20ac", "\U0001F6A6", "\x7f", "[{"}) {
        EXPECT_TRUE(valid_json(with(inside), 1)) << with(inside);
        EXPECT_EQ(json_first('[' + with(inside) + ",1]"), with(inside));
        EXPECT_EQ(json_first("[[" + with(inside) + "],1]"), '[' + with(inside) + ']');
      }
      for (const char* inside : {"\"", "\n", "\x1f", "\\x", "\\u12", "\\ud83d", "\\ud83d\\u0041", "\\udea6", "\xa0",
                                 "\xff", "\xed\xa0\x80"}) {
        EXPECT_FALSE(valid_json(with(inside), 1)) << with(inside);
      }
    }
  }
}
TEST(ValidJson, nothing_hides_behind_a_nul_byte) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {"5\0x"sv, "5\0"sv, "123456789012345678901234567890\0x"sv, "[1]\0"sv,
                                      "[123456789012345678901234567890]\0x"sv, "\0"sv, "\"\0\""sv}) {
    EXPECT_FALSE(valid_json(text, 128)) << text;
  }
}
/// `count` numbers in a row, each close to the middle between two doubles, and a comma behind the last.
std::string long_numbers(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "8.98846567431157954072e307,";
  return text;
}
// A thousand of them are a fifth of a millisecond for one parser, and eight milliseconds for the other.
TEST(ValidJson, with_very_many_long_numbers_costs_no_more_than_with_a_long_integer) {
  const std::string numbers = long_numbers(30'000);
  const auto best_of_three = [](const std::string& text) {
    std::clock_t best = std::numeric_limits<std::clock_t>::max();
    for (int i = 0; i < 3; ++i) {
      const std::clock_t begun = std::clock();
      EXPECT_TRUE(valid_json(text, 1));
      best = std::min(best, std::clock() - begun);
    }
    return best;
  };
  EXPECT_LT(best_of_three("[" + numbers + "1]"), 8 * best_of_three("[123456789012345678901," + numbers + "1]"));
}
TEST(ValidJson, with_many_long_numbers_is_judged_as_any_other) {
  const auto with = [](std::string_view last) { return "[" + long_numbers(100) + std::string(last) + "]"; };
  for (const char* last : {"1", "\"\\ud83d\\udea6\"", "{\"a\":[]}"}) EXPECT_TRUE(valid_json(with(last), 3)) << last;
  for (const char* last : {"", "01", "1e400", "\"\\ud800\"", "\"\xff\"", "\"\n\"", "[[[]]]", "1]", "NaN"})
    EXPECT_FALSE(valid_json(with(last), 3)) << last;
  EXPECT_FALSE(valid_json(with("1") + '\0', 3));
  EXPECT_FALSE(valid_json("\xef\xbb\xbf" + with("1"), 3)) << "a byte order mark is no JSON";
}
TEST(ValidJson, nesting_is_bounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(valid_json(nested(128), 128));
  EXPECT_FALSE(valid_json(nested(129), 128));
  EXPECT_FALSE(valid_json(std::string(100'000, '['), 128));
  EXPECT_TRUE(valid_json("\"" + std::string(1000, '[') + "\"", 1)) << "brackets in a string nest nothing";
  std::string wide = "[0";
  for (int i = 0; i < 1000; ++i) wide += ",[{}]";
  EXPECT_TRUE(valid_json(wide + ']', 3)) << "brackets beside each other nest no deeper";
  EXPECT_FALSE(valid_json(wide + ']', 2));
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
TEST(JsonItems, of_a_list_inside_are_walked_through_before_its_end_is_known) {
  JsonItems outer(R"( [ {"a":[1] , "b":{} } , [ 2,[] ] ,{}, [] , 3 ] )");
  std::vector<std::string> seen;
  while (outer.more()) {
    JsonItems inner = outer.enter();
    if (!inner.is_array() && !inner.is_object()) break;
    while (const auto value = inner.next())
      seen.push_back((inner.is_object() ? inner.key() : "") + std::string(*value));
    seen.emplace_back("end");
    outer.leave(inner);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"a[1]", "b{}", "end", "2", "[]", "end", "end", "end"}));
  EXPECT_EQ(outer.next(), "3");
  EXPECT_FALSE(outer.more());
  for (const char* empty : {"", "[]", "{ }", "1"}) EXPECT_FALSE(JsonItems(empty).more()) << empty;
}
TEST(JsonItems, names_the_members_of_an_object) {
  JsonItems items(R"({"a\u0062":1, "c" : "d"})");
  EXPECT_EQ(items.next(), "1");
  EXPECT_EQ(items.key(), "ab");
  EXPECT_EQ(items.next(), "\"d\"");
  EXPECT_EQ(items.key(), "c");
  EXPECT_EQ(items.next(), std::nullopt);
}
TEST(JsonItems, a_string_ends_at_its_quote_whatever_is_escaped_in_it) {
  JsonItems items(R"(["\"","\\","a\\\",b","[{",":"])");
  EXPECT_EQ(items.next(), R"("\"")");
  EXPECT_EQ(items.next(), R"("\\")");
  EXPECT_EQ(items.next(), R"("a\\\",b")");
  EXPECT_EQ(items.next(), R"("[{")");
  EXPECT_EQ(items.next(), R"(":")");
  EXPECT_EQ(items.next(), std::nullopt);
}
TEST(JsonText, is_passed_on_without_one_of_its_members) {
  const std::string_view array = R"([{"to":"ada", "x":{"to":1.50},"to":"grace"},2])";
  const std::string_view object = json_first(array);
  EXPECT_EQ(object, R"({"to":"ada", "x":{"to":1.50},"to":"grace"})");
  EXPECT_EQ(json_member(object, "to"), R"("grace")") << "the last one, as JSON.parse has it";
  EXPECT_EQ(json_member(object, "y"), std::nullopt);
  EXPECT_EQ(json_without(object, "to"), R"({"x":{"to":1.50}})");
  EXPECT_EQ(json_without(object, "x"), R"({"to":"ada","to":"grace"})");
  EXPECT_EQ(json_without("{}", "x"), "{}");
}
TEST(JsonText, gives_a_member_and_what_is_left_without_it) {
  const JsonCut cut = json_cut(R"({"to":"ada" , "x":{"to":1.50},"to":"grace", "y" : [] ,"z":0})", "to");
  EXPECT_EQ(cut.member, R"("grace")");
  EXPECT_EQ(cut.rest, R"({"x":{"to":1.50},"y" : [] ,"z":0})");
  EXPECT_EQ(json_cut(R"({"x":1,"t\u006f":2})", "to").rest, R"({"x":1})") << "an escaped name is that name";
  EXPECT_EQ(json_cut(R"({"x":1})", "to").member, std::nullopt);
  EXPECT_EQ(json_cut(R"({"to":1 , "x" : "to","y":[ ] } )", "to").rest, R"({"x" : "to","y":[ ]})");
  EXPECT_EQ(json_cut(R"({"x":1,"to":2})", "to").rest, R"({"x":1})");
  EXPECT_EQ(json_cut(R"({"to":1,"x":2,"t\u006f":3})", "to").rest, R"({"x":2})");
  EXPECT_EQ(json_cut(R"({"to":1,"x":2,"t\u006f":3})", "to").member, "3");
  EXPECT_EQ(json_member(R"({"to":1,"x":2,"t\u006f":3})", "to"), "3");
  EXPECT_EQ(json_cut("[1]", "to").rest, "{}");
}
// A look ahead behind each of them would take a minute.
TEST(JsonText, with_very_many_members_of_one_name_is_looked_at_once) {
  constexpr int kMembers = 40'000;
  std::string object = "{";
  for (int i = 0; i < kMembers; ++i) object += R"("t\u006f":"ttttttttttttt",)";
  object += R"("x":1,"t\u006f":2})";
  const auto begun = Clock::now();
  EXPECT_EQ(json_member(object, "to"), "2");
  EXPECT_EQ(json_cut(object, "to").rest, R"({"x":1})");
  EXPECT_LT(Clock::now() - begun, std::chrono::seconds(5));
}

TEST(JsonText, that_was_checked_is_not_checked_again_nor_what_is_cut_out_of_it) {
  const auto nested = check_json(R"([{"a":[[]],"b":1}])", 4);
  ASSERT_TRUE(nested.has_value());
  EXPECT_FALSE(valid_json(std::string_view(*nested), 3));
  EXPECT_FALSE(valid_json(*nested, 3)) << "a narrower bound is looked at";
  EXPECT_TRUE(valid_json(json_without(json_first(*nested), "a"), 1)) << "and may hold for a part";
  // No judge would take this: what is known of the whole is known of its part.
  EXPECT_TRUE(valid_json(CheckedJson::part(*nested, std::string_view("]")), 4));
  EXPECT_TRUE(valid_json(CheckedJson::inner_part(*nested, "]", 2), 2)) << "and of one inside it, for fewer levels";
  EXPECT_FALSE(valid_json(CheckedJson::inner_part(*nested, "]", 2), 1));
  EXPECT_FALSE(valid_json(JsonText("]"), 4));
  EXPECT_FALSE(valid_json(nested->substr(1), 4)) << "what anybody may cut is not known";
}
TEST(JsonText, an_array_whose_values_were_counted_has_the_same_first_one) {
  for (const char* first : {"1", "\"a,]\"", R"({"a":[1,2]})", "[[],[]]"}) {
    for (const char* before : {"[", " [ "}) {
      for (const char* behind : {"]", " ] ", ",2]", " , 2 ] "}) {
        const std::string array = before + std::string(first) + behind;
        EXPECT_EQ(json_first(*check_json(array, 4)), first) << array;
        EXPECT_EQ(json_first(array), first) << array;
      }
    }
  }
  const auto event = check_json(R"(["name",{"a":1}])", 2);
  EXPECT_EQ(json_first(CheckedJson::behind_first(*event, R"([{"a":1}])")), R"({"a":1})");
  EXPECT_EQ(json_first(CheckedJson::behind_first(*check_json(R"(["name",1,2])", 1), "[1,2]")), "1");
  EXPECT_EQ(json_first(CheckedJson::behind_first(*check_json(R"(["name"])", 1), "[]")), "");
  EXPECT_EQ(json_first(*check_json(R"({"a":1})", 1)), "") << "an object has no first value";
}
TEST(JsonText, that_was_moved_away_is_not_taken_for_checked) {
  JsonText text(*check_json("[1]", 1));
  EXPECT_EQ(std::move(text).str(), "[1]");
  EXPECT_FALSE(valid_json(text, 1));  // NOLINT(bugprone-use-after-move): that is the test
}
TEST(JsonText, stands_for_text_wherever_text_is_wanted) {
  const JsonText text("[1]");
  const std::string copy = text, joined = std::string("a") + text + "b";
  const std::string_view view = text;
  const std::string& same = text;
  EXPECT_EQ(copy + joined + std::string(view), "[1]a[1]b[1]");
  EXPECT_EQ(same, text);
  EXPECT_EQ(json::parse(text), json::array({1}));
}
TEST(JsonText, that_is_of_another_kind_has_nothing) {
  for (const char* text : {"", "1", "\"a\"", "[]", "{}", "[", "{\"a\"", "[[]"}) {
    EXPECT_EQ(json_member(text, "a"), std::nullopt) << text;
    EXPECT_EQ(json_without(text, "a"), "{}") << text;
  }
  EXPECT_EQ(json_first("[]"), "");
  EXPECT_EQ(json_first(R"({"a":1})"), "");
}
TEST(JsonItems, what_is_no_list_has_no_items) {
  for (const char* text : {"", "1", "\"[\"", "[]", "{}", "null"})
    EXPECT_EQ(JsonItems(text).next(), std::nullopt) << text;
}
TEST(JsonString, is_a_view_of_its_value_unless_it_has_escapes) {
  const std::string_view plain = R"("text")", escaped = R"("a\nb")";
  std::string undone;
  EXPECT_EQ(json_string_view(plain, undone).value().data(), plain.data() + 1);
  EXPECT_EQ(json_string_view(plain, undone), "text");
  EXPECT_EQ(json_string_view("\"\"", undone), "");
  EXPECT_EQ(undone, "");
  EXPECT_EQ(json_string_view(escaped, undone), "a\nb");
  EXPECT_EQ(undone, "a\nb");
  for (const char* other : {"", "\"", "1", "a", "\"a", R"("a\")", R"("\x")"})
    EXPECT_EQ(json_string_view(other, undone), std::nullopt) << other;
}
TEST(JsonString, undoes_escapes) {
  EXPECT_EQ(json_string(R"("a\n\u00e4\ud83d\udea6\"")"), "a\nä🚦\"");
  EXPECT_EQ(json_string("1"), std::nullopt);
}

}  // namespace
}  // namespace signalbox
