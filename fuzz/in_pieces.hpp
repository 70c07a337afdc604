#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/assert.hpp"

// The same bytes in one piece and in many must give the same.
namespace signalbox::fuzz {

/// Gives `feed` pieces of at most `step` bytes until it returns false. They are copies of exact size, so that one byte
/// too far is seen, and `feed` may write to them.
template <class Feed>
void in_pieces(std::string_view bytes, std::size_t step, Feed feed) {
  while (!bytes.empty()) {
    const std::size_t size = std::min(step, bytes.size());
    const auto copy = std::make_unique<char[]>(size);
    std::copy_n(bytes.data(), size, copy.get());
    if (!feed(std::span(copy.get(), size))) return;
    bytes.remove_prefix(size);
  }
}

/// The first byte of the input says how large the pieces are. `read` is given the others, and a step for in_pieces().
template <class Read>
void whole_and_in_pieces(const std::uint8_t* data, std::size_t size, Read read) {
  if (size < 2) return;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  SB_ASSERT(read(bytes, bytes.size()) == read(bytes, 1 + data[0] % 64));
}

}  // namespace signalbox::fuzz
