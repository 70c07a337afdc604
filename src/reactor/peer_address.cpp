#include "reactor/peer_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace signalbox::reactor {
namespace {

constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

PeerAddress mapped(const in_addr& address) {
  PeerAddress out{};
  std::memcpy(out.data(), kMapped, sizeof kMapped);
  std::memcpy(out.data() + sizeof kMapped, &address, sizeof address);
  return out;
}

}  // namespace

bool is_ipv4(const PeerAddress& address) {
  return std::memcmp(address.data(), kMapped, sizeof kMapped) == 0;
}

std::string to_text(const PeerAddress& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_ipv4(address)) {
    inet_ntop(AF_INET, address.data() + sizeof kMapped, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, address.data(), text, sizeof text);
  }
  return text;
}

PeerAddress peer_address(std::string_view text) {
  const std::string copy(text);
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) return mapped(v4);
  PeerAddress out{};
  if (inet_pton(AF_INET6, copy.c_str(), out.data()) != 1) out = {};
  return out;
}

PeerAddress peer_address(const sockaddr_storage& storage) {
  PeerAddress out{};
  if (storage.ss_family == AF_INET6) {
    std::memcpy(out.data(), &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, out.size());
  } else if (storage.ss_family == AF_INET) {
    out = mapped(reinterpret_cast<const sockaddr_in&>(storage).sin_addr);
  }
  return out;
}

PeerAddress peer_address(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  return getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) == 0 ? peer_address(storage) : PeerAddress{};
}

}  // namespace signalbox::reactor
