#pragma once
#include <optional>
#include <utility>

#include "reactor/kernel.hpp"

namespace signalbox::reactor {

/// Two stream sockets, each the other's peer, that do not block. Nothing: the system has no descriptors for them. Any
/// thread.
std::optional<std::pair<OwnedFd, OwnedFd>> socket_pair();

}  // namespace signalbox::reactor
