#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <signalbox/signalbox.hpp>

#include <future>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

/// A web server of the program's own, no larger than the tests need: it listens, reads requests, has the service answer
/// them, and hands over the connection of an upgrade; or, if it `adopts`, each connection with its first request.
class Front {
 public:
  Front(signalbox::WebSocketService& service, std::uint16_t port, bool adopts)
      : service_(service), adopts_(adopts), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
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
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
  }

 private:
  void accept_all() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const std::lock_guard lock(mutex_);
      open_.insert(fd);
      threads_.emplace_back([this, fd] {
        if (!serve(fd)) return;
        const std::lock_guard again(mutex_);
        open_.erase(fd);
        ::close(fd);
      });
    }
  }

  /// False: it is the service's now.
  bool serve(int fd) {
    std::string bytes;
    for (;;) {
      std::size_t end = 0;
      while ((end = bytes.find("\r\n\r\n")) == std::string::npos)
        if (!read_more(fd, bytes)) return true;
      end += 4;
      signalbox::HttpRequest request = parse(bytes.substr(0, end));
      if (adopts_ || !field(request, "Upgrade").empty()) {
        const std::lock_guard lock(mutex_);
        open_.erase(fd);
        const auto adoption = service_.adopt(fd, bytes.substr(0, end), bytes.substr(end));
        if (adoption != signalbox::Adoption::adopted) std::cerr << "front: " << to_text(adoption) << '\n';
        return false;
      }
      bytes.erase(0, end);
      const std::string length = field(request, "Content-Length");
      const std::size_t size = length.empty() ? 0 : std::stoul(length);
      while (bytes.size() < size)
        if (!read_more(fd, bytes)) return true;
      request.body = bytes.substr(0, size);
      bytes.erase(0, size);
      const bool head_only = request.method == "HEAD";
      const auto answer = ask(fd, std::move(request));
      if (!answer || !write(fd, *answer, head_only)) return true;
    }
  }

  static bool read_more(int fd, std::string& bytes) {
    char buffer[65536];
    const auto got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got > 0) bytes.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  static signalbox::HttpRequest parse(const std::string& head) {
    signalbox::HttpRequest request;
    std::size_t at = head.find("\r\n");
    const std::string line = head.substr(0, at);
    const std::size_t first = line.find(' '), second = line.rfind(' ');
    request.method = line.substr(0, first);
    request.target = line.substr(first + 1, second - first - 1);
    request.remote_address = "127.0.0.1";
    for (at += 2; at < head.size() - 2;) {
      const std::size_t end = head.find("\r\n", at), colon = head.find(':', at);
      const std::size_t value = head.find_first_not_of(' ', colon + 1);
      request.fields.emplace_back(head.substr(at, colon - at), value < end ? head.substr(value, end - value) : "");
      at = end + 2;
    }
    return request;
  }

  static std::string field(const signalbox::HttpRequest& request, const char* name) {
    for (const auto& [key, value] : request.fields)
      if (strcasecmp(key.c_str(), name) == 0) return value;
    return {};
  }

  /// Nothing: the client has gone meanwhile.
  std::optional<signalbox::HttpAnswer> ask(int fd, signalbox::HttpRequest request) {
    struct Waiting {
      ~Waiting() { ::close(answered); }
      std::promise<signalbox::HttpAnswer> promise;
      int answered = ::eventfd(0, EFD_CLOEXEC);
    };
    const auto waiting = std::make_shared<Waiting>();
    const auto pending = service_.handle(std::move(request), [waiting](signalbox::HttpAnswer answer) {
      waiting->promise.set_value(std::move(answer));
      ::eventfd_write(waiting->answered, 1);
    });
    pollfd both[] = {{.fd = waiting->answered, .events = POLLIN, .revents = 0},
                     {.fd = fd, .events = POLLRDHUP, .revents = 0}};
    ::poll(both, 2, -1);
    if (both[0].revents != 0) return waiting->promise.get_future().get();
    service_.asker_gone(pending);
    return std::nullopt;
  }

  static bool write(int fd, const signalbox::HttpAnswer& answer, bool head_only) {
    std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " Answer\r\n";
    for (const auto& [name, value] : answer.fields) out += name + ": " + value + "\r\n";
    out += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n";
    if (!head_only) out += answer.body;
    while (!out.empty()) {
      const auto taken = ::send(fd, out.data(), out.size(), MSG_NOSIGNAL);
      if (taken <= 0) return false;
      out.erase(0, static_cast<std::size_t>(taken));
    }
    return true;
  }

  signalbox::WebSocketService& service_;
  const bool adopts_;
  int listener_;
  std::mutex mutex_;  // each connection has a thread
  std::set<int> open_;
  std::vector<std::thread> threads_;
  std::thread accepter_;
};
