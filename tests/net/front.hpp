#pragma once
#include "echo_server.hpp"

namespace signalbox::net::test {

/// A listener that is not the server's own: its connections are accepted by the test and handed over.
class Front {
 public:
  Front() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof any;
    ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&any), size);
    ::listen(listener_.get(), 64);
    ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&any), &size);
    port_ = ntohs(any.sin_port);
  }
  Client connect() const { return Client(port_); }
  /// The descriptor of the connection that was made first and not yet taken.
  int accept() const { return ::accept(listener_.get(), nullptr, nullptr); }

 private:
  OwnedFd listener_;
  std::uint16_t port_ = 0;
};

}  // namespace signalbox::net::test
