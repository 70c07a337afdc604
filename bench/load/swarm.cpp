#include "swarm.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <signalbox/middleware/auth.hpp>

namespace load {
namespace {

constexpr std::size_t kScratch = 1 << 20;
constexpr std::uint32_t kClientsPerAddress = 5000;

[[noreturn]] void fail(const Client& client, const std::string& what) {
  throw std::runtime_error(client.user + ": " + what);
}

bool on_this_machine(const sockaddr_in& server) {
  return ntohl(server.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

sockaddr_in address(std::uint32_t host, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(host);
  return out;
}

}  // namespace

sockaddr_in address_of(const Target& target) {
  in_addr host{};
  if (::inet_pton(AF_INET, target.host.c_str(), &host) != 1)
    throw std::runtime_error("--host is '" + target.host + "': an IPv4 address is wanted, such as 127.0.0.1");
  return address(ntohl(host.s_addr), target.port);
}

Swarm::Swarm(Target target)
    : target_(std::move(target)),
      server_(address_of(target_)),
      request_("GET " + target_.path + "?EIO=4&transport=websocket HTTP/1.1\r\nHost: " + target_.host +
               "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2lnbmFsYm94LWJlbmNoIQ==\r\n\r\n"),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      scratch_(std::make_unique<char[]>(kScratch)) {}

Swarm::~Swarm() {
  for (auto& client : clients_) close(*client);
  ::close(epoll_);
}

Client& Swarm::add(std::string user) {
  auto client = std::make_unique<Client>();
  client->index = static_cast<std::uint32_t>(clients_.size());
  client->user = std::move(user);
  append_frame(client->login, "40{\"token\":\"" + token_for(client->user) + "\"}");
  clients_.push_back(std::move(client));
  return *clients_.back();
}

void Swarm::connect(Client& client) {
  client.begun = Clock::now();
  client.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (client.fd < 0) fail(client, std::string("socket: ") + std::strerror(errno) + " (raise the limit: ulimit -n)");
  const int on = 1;
  ::setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (on_this_machine(server_)) {  // from addresses of our own, or the ports of one would run out
    ::setsockopt(client.fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const auto from = address(INADDR_LOOPBACK + 1 + client.index / kClientsPerAddress, 0);
    ::bind(client.fd, reinterpret_cast<const sockaddr*>(&from), sizeof from);
  }
  if (::connect(client.fd, reinterpret_cast<const sockaddr*>(&server_), sizeof server_) != 0 && errno != EINPROGRESS) {
    return lost(client, std::string("connect: ") + std::strerror(errno));
  }
  client.state = Client::State::upgrading;
  client.wants_write = false;
  epoll_event event{.events = EPOLLIN, .data = {.u32 = client.index}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.fd, &event);
  // Over loopback it is connected by now; elsewhere this waits until it is.
  write(client, request_);
}

void Swarm::close(Client& client, bool reset) {
  if (client.fd < 0) return;
  if (reset) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  ::close(client.fd);
  client.fd = -1;
  if (client.state == Client::State::ready) --ready_;
  client.state = Client::State::closed;
  std::string().swap(client.in);
  std::string().swap(client.out);
}

void Swarm::lost(Client& client, const std::string& why) {
  if (!on_lost_) fail(client, why);
  close(client);
  on_lost_(client);
}

std::string Swarm::token_for(const std::string& user) const {
  return signalbox::sign_token(R"({"id":")" + user + R"(","email":")" + user + R"(@example.com"})", target_.secret);
}

void Swarm::watch(Client& client, bool write) {
  if (client.wants_write == write) return;
  client.wants_write = write;
  epoll_event event{.events = write ? EPOLLIN | EPOLLOUT : EPOLLIN, .data = {.u32 = client.index}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, client.fd, &event);
}

void Swarm::write(Client& client, std::string_view bytes) {
  if (client.out.empty()) {
    const ssize_t sent = ::send(client.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return lost(client, std::string("send: ") + std::strerror(errno));
    bytes.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
    if (bytes.empty()) return;
  }
  client.out += bytes;
  watch(client, true);
}

void Swarm::append_frame(std::string& out, std::string_view text) {
  constexpr std::array<char, 4> kMask = {0x11, 0x22, 0x33, 0x44};
  out += static_cast<char>(0x81);
  if (text.size() < 126) {
    out += static_cast<char>(0x80 | text.size());
  } else {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(text.size() >> 8);
    out += static_cast<char>(text.size() & 255);
  }
  out.append(kMask.data(), kMask.size());
  for (std::size_t i = 0; i < text.size(); ++i) out += static_cast<char>(text[i] ^ kMask[i & 3]);
}

void Swarm::send_frame(Client& client, std::string_view text) {
  std::string frame;
  append_frame(frame, text);
  write(client, frame);
}

void Swarm::emit(Client& client, std::string_view packet) {
  send_frame(client, '4' + std::string(packet));
}

void Swarm::queue(Client& client, std::string_view packet) {
  append_frame(client.out, '4' + std::string(packet));
}

void Swarm::flush(Client& client) {
  if (!client.out.empty()) on_writable(client);
}

void Swarm::on_writable(Client& client) {
  const std::string out = std::exchange(client.out, {});
  watch(client, false);
  if (!out.empty()) write(client, out);
}

void Swarm::on_readable(Client& client) {
  std::size_t kept = client.in.size();
  std::memcpy(scratch_.get(), client.in.data(), kept);
  const ssize_t got = ::recv(client.fd, scratch_.get() + kept, kScratch - kept, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0)
    return lost(client, got == 0 ? "the server closed the connection" : std::string("recv: ") + std::strerror(errno));
  std::string_view bytes(scratch_.get(), kept + static_cast<std::size_t>(got));
  if (client.state == Client::State::upgrading) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == bytes.npos) return void(client.in = bytes);
    if (!bytes.starts_with("HTTP/1.1 101"))
      return lost(client, "no upgrade: " + std::string(bytes.substr(0, bytes.find('\r'))));
    bytes.remove_prefix(end + 4);
    client.state = Client::State::joining;
  }
  while (client.fd >= 0) {
    const std::size_t used = take_frame(client, bytes);
    if (used == 0) break;
    bytes.remove_prefix(used);
  }
  if (client.fd < 0) return;
  if (bytes.empty()) {
    if (!client.in.empty()) std::string().swap(client.in);
  } else {
    client.in = std::string(bytes);
  }
}

// One whole frame from the front; 0: it is not whole yet.
std::size_t Swarm::take_frame(Client& client, std::string_view bytes) {
  if (bytes.size() < 2) return 0;
  const auto byte = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  std::size_t size = byte(1), head = 2;
  if (size >= 126) {
    const std::size_t width = size == 126 ? 2 : 8;
    head += width;
    if (bytes.size() < head) return 0;
    size = 0;
    for (std::size_t i = 2; i < head; ++i) size = size << 8 | byte(i);
  }
  if (bytes.size() < head + size) return 0;
  const unsigned opcode = byte(0) & 15;
  if (opcode == 1) on_text(client, bytes.substr(head, size));
  if (opcode == 8) lost(client, "the server closed the WebSocket");
  return head + size;
}

void Swarm::on_text(Client& client, std::string_view text) {
  if (text.starts_with("42")) return on_packet(client, text.substr(2));
  if (text == "2") return send_frame(client, "3");
  if (text.starts_with('0')) return write(client, client.login);
  if (text.starts_with("41") || text.starts_with("44")) fail(client, "refused: " + std::string(text));
}

void Swarm::on_packet(Client& client, std::string_view packet) {
  if (client.state == Client::State::ready) {
    if (on_event_) on_event_(client, packet);
    return;
  }
  if (!packet.starts_with("[\"authenticated\"")) return;
  client.state = Client::State::ready;
  ++ready_;
  if (on_ready_) on_ready_(client);
}

void Swarm::turn(std::chrono::milliseconds timeout) {
  std::array<epoll_event, 512> events;
  const auto begin = Clock::now();
  const int count =
      ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), static_cast<int>(timeout.count()));
  if (count == 0 || timeout.count() != 0) idle_ += Clock::now() - begin;
  for (int i = 0; i < count; ++i) {
    Client& client = *clients_[events[static_cast<std::size_t>(i)].data.u32];
    const auto what = events[static_cast<std::size_t>(i)].events;
    if (client.fd >= 0 && (what & EPOLLOUT)) on_writable(client);
    if (client.fd >= 0 && (what & (EPOLLIN | EPOLLHUP | EPOLLERR))) on_readable(client);
  }
}

void Swarm::run_until(const std::function<bool()>& done, std::string_view what, std::chrono::seconds limit) {
  const auto until = Clock::now() + limit;
  while (!done()) {
    turn(std::chrono::milliseconds(target_.sleeps ? 20 : 0));
    if (Clock::now() > until) throw std::runtime_error("gave up waiting: " + std::string(what));
  }
}

void Swarm::connect_all(std::size_t first, std::size_t count, std::size_t window) {
  const std::size_t before = ready_;
  std::size_t started = 0;
  run_until(
      [&] {
        while (started < count && started - (ready_ - before) < window) connect(*clients_[first + started++]);
        return ready_ - before == count;
      },
      "logins", std::chrono::seconds(300));
}

}  // namespace load
