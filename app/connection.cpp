#include "connection.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tls_session.hpp"

namespace app {
namespace {

short events_for(TlsSession::Wants wants) {
  return wants == TlsSession::Wants::to_write ? POLLOUT : POLLIN;
}

}  // namespace

std::string text_of(const Place& place) {
  const bool ipv6 = place.host.find(':') != std::string::npos;
  return (ipv6 ? '[' + place.host + ']' : place.host) + ':' + std::to_string(place.port);
}

std::string host_field(const Place& place) {
  const std::string text = text_of(place);
  return place.port == (place.tls ? 443 : 80) ? text.substr(0, text.rfind(':')) : text;
}

Connection::Connection(const Place& place, std::chrono::milliseconds timeout)
    : where_(text_of(place)), deadline_(Clock::now() + timeout) {
  try {
    connect(place);
    if (place.tls) secure(place);
  } catch (...) {
    close();
    throw;
  }
}

Connection::~Connection() {
  close();
}

void Connection::set_timeout(std::chrono::milliseconds timeout) {
  deadline_ = Clock::now() + timeout;
}

void Connection::secure(const Place& place) {
  tls_ = std::make_unique<TlsSession>(fd_, place.host);
  for (TlsSession::Done done = tls_->handshake(); done.bytes == 0; done = tls_->handshake()) {
    if (done.wants == TlsSession::Wants::nothing) throw HttpError("what answers at " + where_ + " speaks no TLS");
    wait(events_for(done.wants));
  }
  const auto shown = tls_->certificate();
  if (place.trusted_alone && !(shown && shown->trusted()))
    throw HttpError("the certificate that " + where_ + " showed this time cannot be trusted");
}

/// Tries each address of the host in turn. One that is silent leaves the others their share of the time.
void Connection::connect(const Place& place) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(place.host.c_str(), std::to_string(place.port).c_str(), &hints, &found);
  if (error != 0) throw HttpError("no server at " + where_ + ": " + gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  const Clock::time_point end = deadline_;
  std::ptrdiff_t left = 0;
  for (const addrinfo* address = found; address; address = address->ai_next) ++left;
  int reason = 0;
  for (const addrinfo* address = found; address; address = address->ai_next, --left) {
    deadline_ = Clock::now() + (end - Clock::now()) / left;
    reason = connect_to(*address);
    deadline_ = end;
    if (reason == 0) return;
  }
  if (reason == ETIMEDOUT) throw too_late();
  throw HttpError("no server at " + where_ + ": " + std::strerror(reason));
}

/// 0, or the errno of the refusal.
int Connection::connect_to(const addrinfo& address) {
  close();
  fd_ = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
  if (fd_ < 0) return errno;
  if (::connect(fd_, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  try {
    wait(POLLOUT);
  } catch (const TimedOut&) {
    return ETIMEDOUT;
  }
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

void Connection::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Connection::send(std::string_view text) {
  while (!text.empty()) {
    if (tls_) {
      const TlsSession::Done done = tls_->send(text);
      if (done.bytes == 0) wait(events_for(done.wants));
      text.remove_prefix(done.bytes);
      continue;
    }
    const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent > 0)
      text.remove_prefix(static_cast<std::size_t>(sent));
    else if (errno == EPIPE || errno == ECONNRESET)
      return;  // it may have answered before it read everything
    else
      wait_or_throw(POLLOUT);
  }
}

bool Connection::receive(std::string& out) {
  std::array<char, 16384> buffer;
  if (Clock::now() >= deadline_) throw too_late();  // of one who sends without end, too
  while (true) {
    if (tls_) {
      const TlsSession::Done done = tls_->receive(buffer.data(), buffer.size());
      out.append(buffer.data(), done.bytes);
      if (done.wants == TlsSession::Wants::nothing) return done.bytes != 0;
      wait(events_for(done.wants));
      continue;
    }
    const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (size == 0 || (size < 0 && errno == ECONNRESET && !out.empty())) return false;
    if (size > 0) {
      out.append(buffer.data(), static_cast<std::size_t>(size));
      return true;
    }
    wait_or_throw(POLLIN);
  }
}

std::string Connection::peer() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  std::array<char, NI_MAXHOST> text{};
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool known = ::getpeername(fd_, generic, &size) == 0 &&
                     ::getnameinfo(generic, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0;
  return known ? text.data() : "";
}

std::optional<Certificate> Connection::certificate() const {
  return tls_ ? tls_->certificate() : std::nullopt;
}

TimedOut Connection::too_late() const {
  return TimedOut("the server at " + where_ + " did not answer in time");
}

void Connection::wait_or_throw(short events) {
  if (errno == EINTR) return;
  if (errno != EAGAIN && errno != EWOULDBLOCK)
    throw HttpError("the connection to " + where_ + " broke: " + std::strerror(errno));
  wait(events);
}

void Connection::wait(short events) {
  pollfd poll{fd_, events, 0};
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    const int ready = left > 0 ? ::poll(&poll, 1, static_cast<int>(left)) : 0;
    if (ready > 0) return;
    if (ready == 0) throw too_late();
    if (errno != EINTR) throw HttpError(std::string("waiting failed: ") + std::strerror(errno));
  }
}

}  // namespace app
