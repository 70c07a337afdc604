#include "base/json_write.hpp"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "base/json_bytes.hpp"
#include "base/utf8.hpp"

namespace signalbox {
namespace {

void append_escape(std::string& out, unsigned char byte) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
  }
}

/// The first and the last four bytes of a text of four to eight, in one word.
std::uint64_t both_ends(std::string_view text) {
  std::uint32_t first = 0, last = 0;
  std::memcpy(&first, text.data(), sizeof first);
  std::memcpy(&last, text.data() + text.size() - sizeof last, sizeof last);
  return std::uint64_t{last} << 32 | first;
}

/// Where the plain bytes from `at` end.
std::size_t end_of_plain(std::string_view text, std::size_t at) {
  if (at == 0 && text.size() >= 4 && text.size() < 8 && unplain_in(both_ends(text)) == 0) return text.size();
  for (; text.size() - at >= 8; at += 8) {
    if (const std::uint64_t marks = unplain_in(load_eight(text.data() + at)); marks != 0)
      return at + static_cast<std::size_t>(first_marked(marks));
  }
  if (at != text.size() && text.size() >= 8 && unplain_in(load_eight(text.data() + text.size() - 8)) == 0)
    return text.size();
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

/// Most strings are plain: room is made once for all of it.
void append_quoted(std::string& out, std::string_view plain) {
  const std::size_t before = out.size(), after = before + plain.size() + 2;
  out.resize_and_overwrite(after, [&](char* text, std::size_t) {
    text[before] = '"';
    plain.copy(text + before + 1, plain.size());
    text[after - 1] = '"';
    return after;
  });
}

void append_number(std::string& out, auto value) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  append(out, std::string_view(digits, end));
}

/// Prints d.ddd * 10^exponent. source  ECMA-262, Number::toString.
void append_digits(std::string& out, std::string_view digits, int exponent) {
  const auto count = static_cast<int>(digits.size());
  const int before_point = exponent + 1;
  if (before_point > 21 || before_point <= -6) {
    out += digits[0];
    if (count > 1) (out += '.') += digits.substr(1);
    out += exponent < 0 ? "e-" : "e+";
    append_int(out, std::abs(exponent));
  } else if (before_point <= 0) {
    (out += "0.").append(static_cast<std::size_t>(-before_point), '0') += digits;
  } else if (count <= before_point) {
    (out += digits).append(static_cast<std::size_t>(before_point - count), '0');
  } else {
    const auto whole = static_cast<std::size_t>(before_point);
    ((out += digits.substr(0, whole)) += '.') += digits.substr(whole);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  std::size_t at = end_of_plain(text, 0);
  if (at == text.size()) return append_quoted(out, text);
  append(out, "\"");
  append(out, text.substr(0, at));
  while (at < text.size()) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      append_escape(out, static_cast<unsigned char>(text[at++]));
    } else if (const std::size_t length = utf8_length(text, at)) {
      append(out, text.substr(at, length));
      at += length;
    } else {
      append(out, kReplacement);
      ++at;
    }
    const std::size_t end = end_of_plain(text, at);
    append(out, text.substr(at, end - at));
    at = end;
  }
  append(out, "\"");
}

void append_int(std::string& out, std::int64_t value) {
  append_number(out, value);
}

void append_unsigned(std::string& out, std::uint64_t value) {
  append_number(out, value);
}

void append_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  constexpr double kExact = 1LL << 53;  // whole numbers up to here are their own shortest text
  if (std::fabs(value) <= kExact) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value) return append_int(out, whole);  // and JSON.stringify(-0) is "0"
  }
  if (value < 0) out += '-';
  char buffer[32];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  const std::size_t at = text.find('e');
  std::string digits(1, text[0]);
  if (at > 1) digits += text.substr(2, at - 2);
  int exponent = 0;
  std::from_chars(buffer + at + 2, end, exponent);
  append_digits(out, digits, text[at + 1] == '-' ? -exponent : exponent);
}

}  // namespace signalbox
