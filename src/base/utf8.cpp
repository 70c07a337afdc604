#include "base/utf8.hpp"

#include <simdjson.h>

#include <cstdint>

namespace signalbox {
namespace {

constexpr std::size_t kShortText = 256;  ///< longer text simdjson looks at faster

bool is_ascii(std::string_view text) {
  std::uint8_t bits = 0;  // the compiler takes sixteen at once
  for (const char c : text) bits |= static_cast<std::uint8_t>(c);
  return bits < 0x80;
}

}  // namespace

bool valid_utf8(std::string_view text) noexcept {
  if (text.size() <= kShortText && is_ascii(text)) return true;
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace signalbox
