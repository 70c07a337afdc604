#include "cluster/channels.hpp"

namespace signalbox::cluster {

std::optional<std::string_view> user_of_room(std::string_view room) {
  constexpr std::string_view kPrefix = "user:";
  if (!room.starts_with(kPrefix)) return std::nullopt;
  return room.substr(kPrefix.size());
}

}  // namespace signalbox::cluster
