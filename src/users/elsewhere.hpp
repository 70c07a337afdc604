#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::users {

/// What other nodes of the cluster have of a user.
struct Elsewhere {
  explicit Elsewhere(std::string_view name) : id(name) {}
  const std::string id;
  std::uint32_t connections = 0;  ///< sockets that are connected
  bool online = false;            ///< false: they have but sockets that are away and may come back
};

}  // namespace signalbox::users
