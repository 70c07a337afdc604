#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "redis/pattern.hpp"

namespace signalbox::cluster {

/// The channels of Socket.IO's classic Redis adapter for one namespace. `key` is its option of that name.
///
/// thread  any. source  @socket.io/redis-adapter 8, "How it works".
class Channels {
 public:
  explicit Channels(std::string_view key, std::string_view nsp = "/")
      : key_(key),
        broadcast_(std::string(key) + "#" + std::string(nsp) + "#"),
        request_(std::string(key) + "-request#" + std::string(nsp) + "#") {}

  /// What is for exactly one room.
  std::string room(std::string_view room) const { return broadcast_ + std::string(room) + "#"; }
  std::string user(std::string_view id) const { return room("user:" + std::string(id)); }
  /// What is for everybody, or for several rooms.
  const std::string& broadcast() const { return broadcast_; }
  const std::string& request() const { return request_; }
  const std::string& key() const { return key_; }

 private:
  std::string key_, broadcast_, request_;
};

// Who subscribes to a channel by its pattern is not counted by PUBSUB NUMSUB.
using redis::literal_pattern;

/// "user:ID" is that user's room.
std::optional<std::string_view> user_of_room(std::string_view room);

}  // namespace signalbox::cluster
