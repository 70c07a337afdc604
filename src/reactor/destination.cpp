#include "reactor/destination.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace signalbox::reactor {

std::string to_text(const Destination& destination) {
  if (!destination.path.empty()) return destination.path;
  const std::string address = to_text(destination.address);
  const std::string port = std::to_string(destination.port);
  return (is_ipv4(destination.address) ? address : "[" + address + "]") + ":" + port;
}

unsigned socket_address(const Destination& destination, sockaddr_storage& out) {
  out = {};
  if (!destination.path.empty()) {
    auto& local = reinterpret_cast<sockaddr_un&>(out);
    if (destination.path.size() >= sizeof local.sun_path) return 0;
    local.sun_family = AF_UNIX;
    std::ranges::copy(destination.path, local.sun_path);
    return static_cast<unsigned>(offsetof(sockaddr_un, sun_path) + destination.path.size() + 1);
  }
  if (is_ipv4(destination.address)) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(destination.port);
    std::memcpy(&v4.sin_addr, destination.address.data() + 12, sizeof v4.sin_addr);
    return sizeof v4;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(destination.port);
  std::memcpy(&v6.sin6_addr, destination.address.data(), destination.address.size());
  return sizeof v6;
}

}  // namespace signalbox::reactor
