#pragma once
#include <bit>
#include <cstdint>

#include "base/eight_bytes.hpp"

namespace signalbox {

// What a reader and a writer of JSON look for in text, eight bytes at a time.

/// Has the highest bit of each byte that is a quote or a backslash. Only the lowest of these bits is sure: a
/// subtraction that borrows may set the next one too.
inline std::uint64_t quotes_in(std::uint64_t word) {
  const std::uint64_t quote = (word ^ kEachByte * '"') - kEachByte;
  const std::uint64_t backslash = (word ^ kEachByte * '\\') - kEachByte;
  return (quote | backslash) & ~word & kHighBits;
}

/// The same for every byte that a string must escape, and for those that are not ASCII.
inline std::uint64_t unplain_in(std::uint64_t word) {
  return (((word - kEachByte * 0x20) | word) & kHighBits) | quotes_in(word);
}

/// Which of the eight bytes the lowest bit stands for.
inline int first_marked(std::uint64_t marks) {
  return std::countr_zero(marks) / 8;
}

constexpr bool is_json_blank(char c) {
  return c <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t');
}

/// The first quote or backslash from `at`, or `end`.
inline const char* find_quote(const char* at, const char* end) {
  for (; end - at >= 8; at += 8) {
    if (const std::uint64_t marks = quotes_in(load_eight(at)); marks != 0) return at + first_marked(marks);
  }
  while (at < end && *at != '"' && *at != '\\') ++at;
  return at;
}

/// Where the string ends that began before `at`: behind its closing quote.
inline const char* end_of_json_string(const char* at, const char* end) {
  while ((at = find_quote(at, end)) != end) {
    if (*at++ == '"') return at;
    if (at < end) ++at;
  }
  return end;
}

}  // namespace signalbox
