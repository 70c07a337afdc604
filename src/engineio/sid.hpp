#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace signalbox::engineio {

/// A session id: 120 random bits, then where the session lives, so that any shard knows where to send its requests and
/// its own shard finds it without a search. Of one length, and so without an allocation.
class Sid {
 public:
  static constexpr std::size_t kRandomCharacters = 20, kShardDigits = 2, kSlotDigits = 6;
  static constexpr std::uint32_t kSlots = 1u << (4 * kSlotDigits);  ///< of one shard, that an id can name

  /// A new id for a session in `slot` of `shard`.
  Sid(unsigned shard, std::uint32_t slot);
  std::string_view text() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, kRandomCharacters + kShardDigits + kSlotDigits> text_;
};

/// Where a session that a client names would live.
struct SidPlace {
  unsigned shard;
  std::uint32_t slot;
  bool operator==(const SidPlace&) const = default;
};
/// Nothing if the text cannot be one of our ids (`shards`: how many there are). Only the whole text says whether there
/// is such a session.
std::optional<SidPlace> place_of(std::string_view sid, unsigned shards);

}  // namespace signalbox::engineio
