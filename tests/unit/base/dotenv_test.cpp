#include "base/dotenv.hpp"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

using Result = std::expected<Variables, DotenvError>;

struct Case {
  const char* name;
  std::string_view text;
  Result want;
};

Result one(std::string name, std::string value) {
  return Variables{{std::move(name), std::move(value)}};
}
Result wrong(std::size_t line, std::string_view reason) {
  return std::unexpected(DotenvError{line, reason});
}

constexpr std::string_view kForm = "not of the form NAME=value";

class Dotenv : public testing::TestWithParam<Case> {};
TEST_P(Dotenv, reads) {
  EXPECT_TRUE(parse_dotenv(GetParam().text) == GetParam().want) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Lines, Dotenv,
    testing::Values(Case{"nothing", "", Variables{}},
                    Case{"blank_lines_and_comments", "\n  \r\n# PORT=1\n\t# x\n", Variables{}},
                    Case{"a_value", "PORT=3001", one("PORT", "3001")},
                    Case{"an_empty_value", "API_KEY=", one("API_KEY", "")},
                    Case{"blanks_around", "  PORT = 3001  ", one("PORT", "3001")},
                    Case{"export_before", "export PORT=1", one("PORT", "1")},
                    Case{"a_variable_called_export", "export=1", one("export", "1")},
                    Case{"lines_that_end_as_on_windows", "PORT=1\r\n", one("PORT", "1")},
                    Case{"a_byte_order_mark", "\xEF\xBB\xBFPORT=1", one("PORT", "1")},
                    Case{"a_comment_after_a_value", "PORT=1 # why", one("PORT", "1")},
                    Case{"a_comment_in_place_of_a_value", "PORT= # why", one("PORT", "")},
                    Case{"a_sharp_inside_a_value", "K=a#b", one("K", "a#b")},
                    Case{"a_sharp_that_begins_a_value", "K=#b", one("K", "#b")},
                    Case{"an_equals_sign_in_a_value", "K=a=b==", one("K", "a=b==")},
                    Case{"a_dollar_is_a_character", "K=$HOME", one("K", "$HOME")},
                    Case{"single_quotes_keep_everything", R"(K=' a\n#"b ')", one("K", R"( a\n#"b )")},
                    Case{"double_quotes_know_escapes", R"(K="a\n\r\t\"\\\$#b" # c)", one("K", "a\n\r\t\"\\$#b")},
                    Case{"quotes_with_nothing_inside", "K=''", one("K", "")},
                    Case{"the_last_of_one_name_stands_last", "A=1\nA=2", Variables{{"A", "1"}, {"A", "2"}}},
                    Case{"no_equals_sign", "A=1\nPORT", wrong(2, kForm)}, Case{"no_name", "=1", wrong(1, kForm)},
                    Case{"a_name_that_begins_with_a_digit", "1A=1", wrong(1, kForm)},
                    Case{"an_open_quote", "\n\nK='a\nB=1", wrong(3, "the closing quote is missing on this line")},
                    Case{"a_backslash_at_the_end", "K=\"a\\", wrong(1, "unknown escape in double quotes")},
                    Case{"an_unknown_escape", R"(K="\x")", wrong(1, "unknown escape in double quotes")},
                    Case{"text_after_a_quote", "K='a'b", wrong(1, "text after the closing quote")},
                    Case{"a_nul_byte", std::string_view("K=a\0b", 5), wrong(1, "a NUL byte")}),
    [](const auto& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace signalbox
