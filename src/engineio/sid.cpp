#include "engineio/sid.hpp"

#include <charconv>

#include "base/random.hpp"

namespace signalbox::engineio {
namespace {

constexpr std::size_t kRandomBytes = 15;
constexpr std::size_t kRandomCharacters = 20;
constexpr std::size_t kMaxShardDigits = 4;

}  // namespace

std::string make_sid(unsigned shard) {
  return random_id(kRandomBytes) + std::to_string(shard);
}

std::optional<unsigned> shard_of(std::string_view sid, unsigned shards) {
  if (sid.size() <= kRandomCharacters || sid.size() > kRandomCharacters + kMaxShardDigits) return std::nullopt;
  unsigned shard = 0;
  const auto [end, error] = std::from_chars(sid.data() + kRandomCharacters, sid.data() + sid.size(), shard);
  if (error != std::errc{} || end != sid.data() + sid.size() || shard >= shards) return std::nullopt;
  return shard;
}

}  // namespace signalbox::engineio
