#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::engineio {

/// A session id: 120 random bits, then the shard that owns the session, so that any shard knows where to send its
/// requests.
std::string make_sid(unsigned shard);
/// The shard that a sid names; nothing if it cannot be one of ours (`shards`: how many there are).
std::optional<unsigned> shard_of(std::string_view sid, unsigned shards);

}  // namespace signalbox::engineio
