#include "net/listener.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace signalbox::net {

using reactor::OwnedFd;

namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool dual = false;  ///< IPv6 that takes IPv4 as well
  std::string text{};

  bool is_ipv6() const { return storage.ss_family == AF_INET6; }
};

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, FreeAddresses>;

/// Throws std::runtime_error with the reason why there is none.
AddressList look_up(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) throw std::runtime_error(gai_strerror(error));
  return AddressList(found);
}

Address address_of(const std::string& text) {
  const AddressList found = look_up(text, AI_NUMERICHOST);
  Address address{.size = found->ai_addrlen, .text = text};
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  return address;
}

bool has_ipv6() {
  OwnedFd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return false;
  const Address loopback = address_of("::1");
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&loopback.storage), loopback.size) == 0;
}

constexpr const char* kBetterHosts = "localhost is, and without HOST all are";

std::string_view better_hosts(const ListenAt& at) {
  return at.prefix.empty() ? kBetterHosts : "localhost is";
}

std::string not_ours(const ListenAt& at, const Address& address) {
  if (at.host == address.text)
    return fmt::format("{}HOST is '{}', which is no address of this machine; {}", at.prefix, at.host, better_hosts(at));
  return fmt::format("{}HOST is '{}', which stands for {}; that is no address of this machine; {}", at.prefix, at.host,
                     address.text, better_hosts(at));
}

std::vector<Address> all_addresses() {
  Address all = address_of(has_ipv6() ? "::" : "0.0.0.0");
  all.dual = all.is_ipv6();
  return {all};
}

std::vector<std::string> texts_of(const ListenAt& at, Resolver resolver) {
  if (at.host == "localhost") return {"127.0.0.1", "::1"};  // whatever the system's files say of it
  try {
    return resolver(at.host);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(
        fmt::format("{}HOST is '{}', which is no address of this machine and no name that is known to it ({}); {}",
                    at.prefix, at.host, error.what(), better_hosts(at)));
  }
}

std::vector<Address> addresses_of(const ListenAt& at, Resolver resolver) {
  if (at.host.empty()) return all_addresses();
  std::vector<Address> addresses;
  for (const std::string& text : texts_of(at, resolver)) addresses.push_back(address_of(text));
  // A name may have an address of a family that this machine has not.
  if (addresses.size() > 1 && !has_ipv6()) std::erase_if(addresses, [](const Address& one) { return one.is_ipv6(); });
  return addresses;
}

void set_port(Address& address, std::uint16_t port) {
  if (address.storage.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(address.storage).sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(address.storage).sin_port = htons(port);
  }
}

std::uint16_t port_of(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  return ntohs(storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(storage).sin_port);
}

OwnedFd bind_to(const ListenAt& at, Address address, std::uint16_t port, bool shared) {
  OwnedFd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) throw std::runtime_error(fmt::format("no socket to listen on: {}", std::strerror(errno)));
  const auto set = [&fd](int level, int name, int value) { setsockopt(fd.get(), level, name, &value, sizeof value); };
  set(SOL_SOCKET, SO_REUSEADDR, 1);
  if (shared) set(SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.storage.ss_family == AF_INET6) set(IPPROTO_IPV6, IPV6_V6ONLY, address.dual ? 0 : 1);
  set_port(address, port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0) return fd;
  const int error = errno;
  const std::string where = at.host.empty() ? "" : " on " + address.text;
  if (error == EADDRINUSE)
    throw std::runtime_error(
        fmt::format("port {} is in use{}: another program listens there; choose another {}PORT or stop it", port, where,
                    at.prefix));
  if (error == EADDRNOTAVAIL) throw std::runtime_error(not_ours(at, address));
  if (error == EACCES)
    throw std::runtime_error(fmt::format("port {} needs privileges; choose a {}PORT of 1024 or more", port, at.prefix));
  throw std::runtime_error(fmt::format("port {} cannot be listened on{}: {}", port, where, std::strerror(error)));
}

// A listener's are inherited by every connection, which saves each of them the calls. What waits for a slow client is
// to wait in our queue, where it can be judged and replaced, not in megabytes of kernel buffer.
void set_options(int fd, Milliseconds user_timeout) {
  const auto set = [fd](int level, int name, int value) { setsockopt(fd, level, name, &value, sizeof value); };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16 * 1024);
  set(SOL_SOCKET, SO_SNDBUF, 128 * 1024);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(user_timeout.count()));
}

}  // namespace

std::vector<std::string> resolve(const std::string& host) {
  std::vector<std::string> out;
  const AddressList found = look_up(host, AI_PASSIVE);
  for (const addrinfo* one = found.get(); one; one = one->ai_next) {
    char text[NI_MAXHOST] = "";
    if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    if (std::ranges::find(out, text) == out.end()) out.emplace_back(text);
  }
  if (out.empty()) throw std::runtime_error("it has no address");
  return out;
}

Listeners listen_on(const ListenAt& at, unsigned shards, Milliseconds user_timeout, Resolver resolver) {
  const std::vector<Address> addresses = addresses_of(at, resolver);
  std::uint16_t port = at.port;
  // With SO_REUSEPORT a second server would quietly share the port: a bind without it first tells whether anyone
  // listens. It does not listen itself: whoever connected to it would be reset.
  for (const Address& address : addresses) {
    const OwnedFd probe = bind_to(at, address, port, false);
    if (port == 0) port = port_of(probe.get());
  }
  Listeners listeners{.of_shard = {}, .port = port};
  for (unsigned shard = 0; shard < shards; ++shard) {
    auto& mine = listeners.of_shard.emplace_back();
    for (const Address& address : addresses) mine.push_back(bind_to(at, address, port, true));
  }
  // Only when all are bound: a connection must not land on a socket that is given up again.
  for (auto& mine : listeners.of_shard) {
    for (auto& fd : mine) {
      set_options(fd.get(), user_timeout);
      if (::listen(fd.get(), 4096) != 0)
        throw std::runtime_error(fmt::format("port {} cannot be listened on: {}", port, std::strerror(errno)));
    }
  }
  return listeners;
}

bool prepare_connection(int fd, Milliseconds user_timeout) {
  int type = 0;
  socklen_t size = sizeof type;
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) return false;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) return false;
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return false;
  set_options(fd, user_timeout);
  return true;
}

}  // namespace signalbox::net
