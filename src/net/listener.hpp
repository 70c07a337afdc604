#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/kernel.hpp"

namespace signalbox::net {

/// Listening sockets for each shard: listeners[shard] holds one for each address.
struct Listeners {
  std::vector<std::vector<reactor::OwnedFd>> of_shard;
  std::uint16_t port = 0;
};

/// The addresses that a name stands for on this machine, as text ("10.0.0.1", "fe80::1%eth0"); an address stands for
/// itself. Throws std::runtime_error with the reason why there are none.
std::vector<std::string> resolve(const std::string& host);
using Resolver = std::vector<std::string> (*)(const std::string& host);

struct ListenAt {
  std::string host;  ///< as Options::host
  std::uint16_t port = 0;
  std::string_view prefix{};  ///< before HOST and PORT in the settings' names
};

/// Binds every address of a host at its port once for each shard, so that the kernel shares connections out. What is
/// accepted has the listening socket's options, TCP_USER_TIMEOUT among them.
/// Throws std::runtime_error with a sentence for the user, such as "port 3000 is in use".
Listeners listen_on(const ListenAt& at, unsigned shards, Milliseconds user_timeout, Resolver resolver = resolve);

/// Gives a connection that another program's listener accepted what those of ours inherit. False: it is no connected
/// stream socket.
bool prepare_connection(int fd, Milliseconds user_timeout);

}  // namespace signalbox::net
