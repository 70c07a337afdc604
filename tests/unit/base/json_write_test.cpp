#include "base/json_write.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>

#include "base/eight_bytes.hpp"

namespace signalbox {
namespace {

std::string written(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string written(double value) {
  std::string out;
  append_double(out, value);
  return out;
}

TEST(JsonString, leaves_plain_text_as_it_is) {
  EXPECT_EQ(written("job-42"), "\"job-42\"");
}
TEST(JsonString, escapes_what_must_be_escaped) {
  EXPECT_EQ(written("a\"b\\c\n\x01"), R"("a\"b\\c\n\u0001")");
}
TEST(JsonString, escapes_the_same_wherever_it_stands) {
  for (std::size_t before = 0; before < 20; ++before) {
    const std::string plain(before, '\x7f');
    for (const auto& [raw, escaped] : {std::pair{"\"", "\\\""}, {"\\", "\\\\"}, {"\x1f", "\\u001f"}, {"é", "é"}}) {
      for (const std::string behind : {"", "1", "123", "12345678 ~"})
        EXPECT_EQ(written(plain + raw + behind), '"' + plain + escaped + behind + '"') << before;
    }
  }
}
TEST(PrintableAscii, is_what_has_no_control_characters_and_nothing_else_than_ascii_wherever_it_stands) {
  EXPECT_TRUE(printable_ascii({}));
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t behind = 0; behind < 20; ++behind) {
      const std::string first(before, ' '), last(behind, '~');
      EXPECT_TRUE(printable_ascii(first + '~' + last));
      for (const char c : {'\0', '\x01', '\x1f', '\x7f', '\x80', '\xff'}) {
        EXPECT_FALSE(printable_ascii(first + c + last)) << before << ' ' << behind << ' ' << int{c};
      }
    }
  }
}
TEST(JsonString, keeps_unicode_as_utf8) {
  EXPECT_EQ(written("Ä 🚦"), "\"Ä 🚦\"");
}
TEST(JsonString, replaces_a_lone_continuation_byte) {
  EXPECT_EQ(written("a\x80z"), "\"a\xEF\xBF\xBDz\"");
}
TEST(JsonString, replaces_each_byte_of_an_encoded_surrogate) {
  EXPECT_EQ(written("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}
TEST(JsonString, replaces_a_sequence_cut_short) {
  EXPECT_EQ(written("\xF0\x9F"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonNumber, prints_as_JavaScript_does) {
  EXPECT_EQ(written(50.0), "50");
  EXPECT_EQ(written(0.1), "0.1");
  EXPECT_EQ(written(-0.0), "0");
  EXPECT_EQ(written(100000.0), "100000");
  EXPECT_EQ(written(-7.0), "-7");
  EXPECT_EQ(written(9007199254740992.0), "9007199254740992");
  EXPECT_EQ(written(9007199254740994.0), "9007199254740994");
  EXPECT_EQ(written(-9007199254740991.0), "-9007199254740991");
  EXPECT_EQ(written(1e20), "100000000000000000000");
  EXPECT_EQ(written(1e21), "1e+21");
  EXPECT_EQ(written(-1234567.5), "-1234567.5");
  EXPECT_EQ(written(590295810358705651712.0), "590295810358705700000");
  EXPECT_EQ(written(0.000001), "0.000001");
  EXPECT_EQ(written(0.00001234), "0.00001234");
  EXPECT_EQ(written(1e-7), "1e-7");
  EXPECT_EQ(written(1.5e-10), "1.5e-10");
  EXPECT_EQ(written(5e-324), "5e-324");
  EXPECT_EQ(written(1.7976931348623157e308), "1.7976931348623157e+308");
}
TEST(JsonNumber, what_JSON_cannot_say_is_null) {
  EXPECT_EQ(written(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(written(-std::numeric_limits<double>::infinity()), "null");
}

}  // namespace
}  // namespace signalbox
