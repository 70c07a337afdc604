#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

// Text looked at by words of eight bytes.
namespace signalbox {

constexpr std::uint64_t kEachByte = 0x0101010101010101;
constexpr std::uint64_t kHighBits = kEachByte * 0x80;

/// Eight bytes of text, the first of them lowest.
inline std::uint64_t load_eight(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

/// Is all of it ASCII without control characters?
inline bool printable_ascii(std::string_view text) {
  // The subtraction sets the highest bit of a byte below 0x20, and the addition that of 0x7F.
  const auto unprintable = [](std::uint64_t word) {
    return (word | (word - kEachByte * 0x20) | (word + kEachByte)) & kHighBits;
  };
  if (text.size() < 8) {
    std::uint64_t word = kEachByte * ' ';
    text.copy(reinterpret_cast<char*>(&word), text.size());
    return unprintable(word) == 0;
  }
  std::uint64_t marks = unprintable(load_eight(text.data() + text.size() - 8));
  for (std::size_t at = 0; at + 8 < text.size(); at += 8) marks |= unprintable(load_eight(text.data() + at));
  return marks == 0;
}

}  // namespace signalbox
