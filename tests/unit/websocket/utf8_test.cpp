#include "websocket/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace signalbox::websocket {
namespace {

std::string encode(std::uint32_t point) {
  const auto byte = [](std::uint32_t value) { return std::string(1, static_cast<char>(value)); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) return byte(0xC0 | point >> 6) + byte(0x80 | (point & 63));
  if (point < 0x10000) return byte(0xE0 | point >> 12) + byte(0x80 | (point >> 6 & 63)) + byte(0x80 | (point & 63));
  return byte(0xF0 | point >> 18) + byte(0x80 | (point >> 12 & 63)) + byte(0x80 | (point >> 6 & 63)) +
         byte(0x80 | (point & 63));
}

/// Whole, and byte by byte.
bool well_formed(std::string_view text) {
  Utf8Validator whole, cut;
  const bool at_once = whole.feed(text) && whole.complete();
  bool in_bytes = true;
  for (const char& c : text) in_bytes = cut.feed({&c, 1}) && in_bytes;
  EXPECT_EQ(at_once, in_bytes && cut.complete()) << testing::PrintToString(text);
  return at_once;
}

// Source: Unicode 15, table 3-7.
TEST(Utf8, takes_every_scalar_value_and_no_surrogate) {
  for (std::uint32_t point = 0; point < 0x110000; ++point) {
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (well_formed(encode(point)) == surrogate) FAIL() << std::hex << point;
  }
  EXPECT_FALSE(well_formed(encode(0x110000)));
}
TEST(Utf8, refuses_overlong_forms_and_bytes_that_begin_nothing) {
  for (const char* text : {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80",
                           "\xF0\x8F\xBF\xBF", "\xF5\x80\x80\x80", "\x80", "\xFE", "\xFF", "\xE2\x98", "\xE2\x28\xA1",
                           "12345678\xFF", "1234567\xE2\x98\x83\xE2"}) {
    EXPECT_FALSE(well_formed(text)) << testing::PrintToString(text);
  }
}
TEST(Utf8, stays_refused) {
  Utf8Validator utf8;
  EXPECT_FALSE(utf8.feed("\xFF"));
  EXPECT_FALSE(utf8.feed("a"));
  EXPECT_FALSE(utf8.complete());
  utf8.reset();
  EXPECT_TRUE(utf8.feed("a") && utf8.complete());
}

}  // namespace
}  // namespace signalbox::websocket
