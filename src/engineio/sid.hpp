#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace signalbox::engineio {

/// A session id: where there are several nodes, the tag of its own; 120 random bits; then where the session lives, so
/// that any shard knows where to send its requests and its own shard finds it without a search. Without an allocation.
class Sid {
 public:
  static constexpr std::size_t kTagCharacters = 6;  ///< letters and digits
  static constexpr std::size_t kRandomCharacters = 20, kShardDigits = 2, kSlotDigits = 6;
  static constexpr std::uint32_t kSlots = 1u << (4 * kSlotDigits);  ///< of one shard, that an id can name

  /// A new id for a session in `slot` of `shard`. `tag`: of this node, or empty.
  Sid(unsigned shard, std::uint32_t slot, std::string_view tag = {});
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, kTagCharacters + kRandomCharacters + kShardDigits + kSlotDigits> text_;
  std::uint8_t size_;
};

/// Where a session that a client names would live.
struct SidPlace {
  std::string_view tag;  ///< of its node, in the id; empty: it names none
  unsigned shard;
  std::uint32_t slot;
  bool operator==(const SidPlace&) const = default;
};
/// Nothing if the text cannot be the id of a session on any node. Only the whole text says whether there is such a
/// session.
std::optional<SidPlace> place_of(std::string_view sid);

}  // namespace signalbox::engineio
