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

}  // namespace

Sid::Sid(unsigned shard, std::uint32_t slot) {
  std::ranges::copy(random_id(kRandomBytes), text_.begin());
  write_hex(text_.data() + kRandomCharacters, kShardDigits, shard);
  write_hex(text_.data() + kRandomCharacters + kShardDigits, kSlotDigits, slot);
}

std::optional<SidPlace> place_of(std::string_view sid, unsigned shards) {
  if (sid.size() != Sid::kRandomCharacters + Sid::kShardDigits + Sid::kSlotDigits) return std::nullopt;
  sid.remove_prefix(Sid::kRandomCharacters);
  const auto shard = read_hex(sid.substr(0, Sid::kShardDigits));
  const auto slot = read_hex(sid.substr(Sid::kShardDigits));
  if (!shard || !slot || *shard >= shards) return std::nullopt;
  return SidPlace{*shard, *slot};
}

}  // namespace signalbox::engineio
