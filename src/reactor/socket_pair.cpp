#include "reactor/socket_pair.hpp"

#include <sys/socket.h>

namespace signalbox::reactor {

std::optional<std::pair<OwnedFd, OwnedFd>> socket_pair() {
  int both[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, both) != 0) return std::nullopt;
  return std::pair(OwnedFd(both[0]), OwnedFd(both[1]));
}

}  // namespace signalbox::reactor
