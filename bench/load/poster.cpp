#include "poster.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string_view>

namespace load {

Poster::Poster(const Target& target, std::string api_key)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), api_key_(std::move(api_key)) {
  const sockaddr_in to = address_of(target);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("no connection for POST /api/emit");
}

Poster::~Poster() {
  if (fd_ >= 0) ::close(fd_);
}

void Poster::post(const std::string& body) {
  const std::string request = "POST /api/emit HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + api_key_ +
                              "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                              "\r\n\r\n" + body;
  if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    throw std::runtime_error("POST /api/emit: could not be sent");
  waiting_ = true;
}

void Poster::wait() {
  if (!std::exchange(waiting_, false)) return;
  std::array<char, 4096> answer;
  const ssize_t got = ::recv(fd_, answer.data(), answer.size(), 0);
  const std::string_view text(answer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  if (!text.starts_with("HTTP/1.1 202"))
    throw std::runtime_error("POST /api/emit: " + std::string(text.substr(0, text.find('\r'))));
}

}  // namespace load
