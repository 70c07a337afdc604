#pragma once
#include <bit>
#include <cstdint>

#include "base/eight_bytes.hpp"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace signalbox {

// What a reader and a writer of JSON look for in text, eight bytes at a time, or sixteen where the processor has such
// words.

enum class Marked : std::uint8_t {
  quotes,  ///< and backslashes: what ends a string, or may
  unplain  ///< these, what else a string must escape, and what is not ASCII
};

#ifdef __SSE2__
/// A bit for each of the sixteen bytes at `at` that is marked.
template <Marked what>
unsigned marks_of_sixteen(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const auto equal = [](__m128i those, char wanted) { return _mm_cmpeq_epi8(those, _mm_set1_epi8(wanted)); };
  __m128i marked = _mm_or_si128(equal(bytes, '"'), equal(bytes, '\\'));
  if constexpr (what == Marked::unplain)
    marked = _mm_or_si128(marked, _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)));  // bytes from 0x80 are negative
  return static_cast<unsigned>(_mm_movemask_epi8(marked));
}
#endif

/// The first marked byte from `at` of those that can be looked at sixteen at a time; null: `at` is behind these.
template <Marked what>
const char* find_in_sixteens(const char*& at, const char* end) {
#ifdef __SSE2__
  for (; end - at >= 16; at += 16) {
    if (const unsigned marks = marks_of_sixteen<what>(at); marks != 0) return at + std::countr_zero(marks);
  }
#endif
  return nullptr;
}

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

inline const char* skip_blanks(const char* at, const char* end) {
  while (at < end && is_json_blank(*at)) ++at;
  return at;
}

/// Are all eight bytes digits?
inline bool all_digits(std::uint64_t word) {
  constexpr std::uint64_t kUpperHalves = kEachByte * 0xF0, kOfDigits = kEachByte * '0';
  return (word & kUpperHalves) == kOfDigits && ((word + kEachByte * 6) & kUpperHalves) == kOfDigits;
}

inline const char* skip_digits(const char* at, const char* end) {
  while (end - at >= 8 && all_digits(load_eight(at))) at += 8;
  while (at < end && *at >= '0' && *at <= '9') ++at;
  return at;
}

/// The first quote or backslash from `at`, or `end`.
inline const char* find_quote(const char* at, const char* end) {
  if (const char* const found = find_in_sixteens<Marked::quotes>(at, end)) return found;
  for (; end - at >= 8; at += 8) {
    if (const std::uint64_t marks = quotes_in(load_eight(at)); marks != 0) return at + first_marked(marks);
  }
  while (at < end && *at != '"' && *at != '\\') ++at;
  return at;
}

/// May it stand in a string as it is, and is it ASCII?
constexpr bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/// The first byte from `at` that is not plain, or `end`.
inline const char* find_unplain(const char* at, const char* end) {
  if (const char* const found = find_in_sixteens<Marked::unplain>(at, end)) return found;
  for (; end - at >= 8; at += 8) {
    if (const std::uint64_t marks = unplain_in(load_eight(at)); marks != 0) return at + first_marked(marks);
  }
  while (at < end && is_plain(*at)) ++at;
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
