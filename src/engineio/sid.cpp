#include "engineio/sid.hpp"

#include <algorithm>
#include <charconv>

#include "base/assert.hpp"
#include "base/random.hpp"

namespace signalbox::engineio {
namespace {

constexpr std::size_t kRandomBytes = 15;
constexpr std::string_view kDigits = "0123456789abcdef";

void write_hex(char* out, std::size_t digits, std::uint32_t value) {
  for (std::size_t i = digits; i-- > 0; value >>= 4) out[i] = kDigits[value & 15];
  SB_ASSERT(value == 0);
}

std::optional<std::uint32_t> read_hex(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_tag(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

}  // namespace

Sid::Sid(unsigned shard, std::uint32_t slot, std::string_view tag) {
  SB_ASSERT(tag.empty() || tag.size() == kTagCharacters);
  char* out = std::ranges::copy(tag, text_.data()).out;
  out = std::ranges::copy(random_id(kRandomBytes), out).out;
  write_hex(out, kShardDigits, shard);
  write_hex(out + kShardDigits, kSlotDigits, slot);
  size_ = static_cast<std::uint8_t>(out + kShardDigits + kSlotDigits - text_.data());
}

std::optional<SidPlace> place_of(std::string_view sid) {
  constexpr std::size_t kWithoutTag = Sid::kRandomCharacters + Sid::kShardDigits + Sid::kSlotDigits;
  if (sid.size() != kWithoutTag && sid.size() != Sid::kTagCharacters + kWithoutTag) return std::nullopt;
  const std::string_view tag = sid.substr(0, sid.size() - kWithoutTag);
  if (!is_tag(tag)) return std::nullopt;
  sid.remove_prefix(tag.size() + Sid::kRandomCharacters);
  const auto shard = read_hex(sid.substr(0, Sid::kShardDigits));
  const auto slot = read_hex(sid.substr(Sid::kShardDigits));
  if (!shard || !slot) return std::nullopt;
  return SidPlace{tag, *shard, *slot};
}

}  // namespace signalbox::engineio
