#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <signalbox/signalbox.hpp>

#include <iostream>
#include <string>
#include <system_error>
#include <thread>

/// A listener of the program's own, as a web server has: it accepts, reads the first request's head and hands the
/// connection over.
class Front {
 public:
  Front(signalbox::WebSocketService& service, std::uint16_t port)
      : service_(service), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || ::listen(listener_, 512) != 0)
      throw std::system_error(errno, std::generic_category(), "the front's port");
    accepter_ = std::thread([this] { accept_all(); });
  }
  ~Front() {
    ::shutdown(listener_, SHUT_RDWR);
    accepter_.join();
    ::close(listener_);
  }

 private:
  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      std::thread([this, fd] { hand_over(fd); }).detach();
    }
  }

  void hand_over(int fd) {
    std::string bytes;
    std::size_t end = std::string::npos;
    while (end == std::string::npos) {
      char buffer[4096];
      const auto got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) {
        ::close(fd);
        return;
      }
      bytes.append(buffer, static_cast<std::size_t>(got));
      end = bytes.find("\r\n\r\n");
    }
    end += 4;
    const auto adoption = service_.adopt(fd, bytes.substr(0, end), bytes.substr(end));
    if (adoption != signalbox::Adoption::adopted) std::cerr << "front: " << to_text(adoption) << '\n';
  }

  signalbox::WebSocketService& service_;
  int listener_;
  std::thread accepter_;
};
