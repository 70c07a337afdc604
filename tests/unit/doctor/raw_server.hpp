#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "connection.hpp"

namespace app::test {

/// A server of one connection: reads a request's head, says these pieces, each with a pause behind it long enough to be
/// read by itself, and closes; or keeps the connection and says no more.
class RawServer {
 public:
  enum class Then : unsigned char { closes, keeps };

  explicit RawServer(std::vector<std::string> pieces, Then then = Then::closes) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 1);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, pieces = std::move(pieces), then] { serve(pieces, then); });
  }
  ~RawServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  Place place() const { return {.host = "127.0.0.1", .port = port_}; }

 private:
  void serve(const std::vector<std::string>& pieces, Then then) const {
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client < 0) return;
    std::string head;
    for (char byte = 0; !head.ends_with("\r\n\r\n") && ::recv(client, &byte, 1, 0) == 1;) head += byte;
    for (const std::string& piece : pieces) {
      ::send(client, piece.data(), piece.size(), MSG_NOSIGNAL);
      ::poll(nullptr, 0, 1);
    }
    char byte = 0;
    if (then == Then::keeps) static_cast<void>(::recv(client, &byte, 1, 0));  // until the other side closes
    ::close(client);
  }

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace app::test
