#include "http_client.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

namespace app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMaxAnswerBytes = 64u << 20;

std::string where(const HttpRequest& request) {
  const bool ipv6 = request.host.find(':') != std::string::npos;
  return (ipv6 ? '[' + request.host + ']' : request.host) + ':' + std::to_string(request.port);
}

/// A non-blocking TCP connection with one deadline for everything. Closes when it goes.
class Connection {
 public:
  Connection(const HttpRequest& request) : where_(where(request)), deadline_(Clock::now() + request.timeout) {}
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Tries each address of the host in turn.
  void connect(const HttpRequest& request) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(request.host.c_str(), std::to_string(request.port).c_str(), &hints, &found);
    if (error != 0) throw HttpError("no server at " + where_ + ": " + gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
    int reason = 0;
    for (const addrinfo* address = found; address; address = address->ai_next) {
      reason = connect_to(*address);
      if (reason == 0) return;
    }
    throw HttpError("no server at " + where_ + ": " + std::strerror(reason));
  }

  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent > 0)
        text.remove_prefix(static_cast<std::size_t>(sent));
      else if (errno == EPIPE || errno == ECONNRESET)
        return;  // it may have answered before it read everything
      else
        wait_or_throw(POLLOUT);
    }
  }

  /// Appends what has come; false at the end.
  bool receive(std::string& out) {
    char buffer[16384];
    while (true) {
      const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
      if (size == 0 || (size < 0 && errno == ECONNRESET && !out.empty())) return false;
      if (size > 0) {
        out.append(buffer, static_cast<std::size_t>(size));
        return true;
      }
      wait_or_throw(POLLIN);
    }
  }

 private:
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  /// 0, or the errno of the refusal.
  int connect_to(const addrinfo& address) {
    close();
    fd_ = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
    if (fd_ < 0) return errno;
    if (::connect(fd_, address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    wait(POLLOUT);
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
  }

  void wait_or_throw(short events) {
    if (errno == EINTR) return;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
      throw HttpError("the connection to " + where_ + " broke: " + std::strerror(errno));
    wait(events);
  }

  void wait(short events) {
    pollfd poll{fd_, events, 0};
    while (true) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
      const int ready = left > 0 ? ::poll(&poll, 1, static_cast<int>(left)) : 0;
      if (ready > 0) return;
      if (ready == 0) throw HttpError("the server at " + where_ + " did not answer in time");
      if (errno != EINTR) throw HttpError(std::string("waiting failed: ") + std::strerror(errno));
    }
  }

  std::string where_;
  Clock::time_point deadline_;
  int fd_ = -1;
};

std::string request_text(const HttpRequest& request) {
  const bool clean = std::ranges::none_of(request.bearer, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!clean) throw HttpError("API_KEY has control characters, which no HTTP field can carry");
  std::string out =
      request.method + ' ' + request.target + " HTTP/1.1\r\nHost: " + where(request) + "\r\nConnection: close\r\n";
  if (!request.bearer.empty()) out += "Authorization: Bearer " + request.bearer + "\r\n";
  if (!request.body.empty())
    out += "Content-Type: application/json\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
  return out + "\r\n" + request.body;
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// Content-Length, if the head (without its last blank line) has one.
std::optional<std::size_t> content_length(std::string_view head) {
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !same_name(line.substr(0, colon), "content-length")) continue;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return number<std::size_t>(value);
  }
  return std::nullopt;
}

struct Head {
  int status = 0;
  std::size_t size = 0;  ///< with the blank line
  std::optional<std::size_t> length;
};

/// Nothing while it is unfinished.
std::optional<Head> parse_head(std::string_view text) {
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const auto status = text.starts_with("HTTP/1.") && text.size() > 12 ? number<int>(text.substr(9, 3)) : std::nullopt;
  if (!status) throw HttpError("what answers there is no HTTP server");
  return Head{*status, end + 4, content_length(text.substr(0, end))};
}

}  // namespace

HttpAnswer http_send(const HttpRequest& request) {
  const std::string text = request_text(request);
  Connection connection(request);
  connection.connect(request);
  connection.send(text);
  std::string received;
  std::optional<Head> head;
  while (!head || !head->length || received.size() - head->size < *head->length) {
    const bool more = connection.receive(received);
    while (!head && (head = parse_head(received)) &&
           head->status / 100 == 1) {  // 100 Continue and its like come before the answer
      received.erase(0, head->size);
      head.reset();
    }
    if (!more) break;
    if (received.size() > kMaxAnswerBytes) throw HttpError("the answer from " + where(request) + " is too large");
  }
  if (!head || (head->length && received.size() - head->size < *head->length)) {
    throw HttpError("the server at " + where(request) + " closed the connection before its answer was whole");
  }
  return {head->status, received.substr(head->size, head->length.value_or(std::string::npos))};
}

std::string percent_encode(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

}  // namespace app
