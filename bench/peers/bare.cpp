// A bare epoll server with what the scenarios need and nothing that users need: no limits, no polling, no timers. It
// shows what the kernel takes for the same bytes. BATCH=1 gathers what waits for one socket into one send; without it
// every message is a send of its own.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

struct Connection {
  int fd;
  bool upgraded = false, dirty = false;
  std::string in, out, user;
};

constexpr std::uint64_t kEventsPerWrite = 524'288;  // of a burst, as bench_server.cpp has it

std::unordered_map<int, std::unique_ptr<Connection>> connections;
std::unordered_map<std::string, Connection*> users;
std::vector<Connection*> dirty;
std::string secret;
bool batch = false, presence = true;
int poller;

std::string frame(std::string_view text) {
  std::string out{static_cast<char>(0x81)};
  if (text.size() < 126) {
    out += static_cast<char>(text.size());
  } else {
    out += static_cast<char>(126);
    out += static_cast<char>(text.size() >> 8);
    out += static_cast<char>(text.size());
  }
  return out.append(text);
}

void flush(Connection& to) {
  const ssize_t sent = ::send(to.fd, to.out.data(), to.out.size(), MSG_NOSIGNAL);
  to.out.erase(0, sent > 0 ? static_cast<std::size_t>(sent) : 0);
  epoll_event event{.events = to.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT, .data = {.fd = to.fd}};
  ::epoll_ctl(poller, EPOLL_CTL_MOD, to.fd, &event);
}

void put(Connection& to, const std::string& bytes) {
  if (batch) {
    to.out += bytes;
    if (!std::exchange(to.dirty, true)) dirty.push_back(&to);
    return;
  }
  if (to.out.empty()) {
    const ssize_t sent = ::send(to.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(bytes.size())) return;
    to.out = bytes.substr(sent > 0 ? static_cast<std::size_t>(sent) : 0);
    return flush(to);
  }
  to.out += bytes;
}

void flush_dirty() {
  for (Connection* to : dirty) {
    to->dirty = false;
    flush(*to);
  }
  dirty.clear();
}

std::string decode_base64url(std::string_view text) {
  std::string plain(text);
  for (char& c : plain) c = c == '-' ? '+' : c == '_' ? '/' : c;
  while (plain.size() % 4) plain += '=';
  std::string out(plain.size(), '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(plain.data()), static_cast<int>(plain.size()));
  out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return out;
}

std::string text_of(std::string_view json, std::string_view key) {
  const auto at = json.find(key);
  if (at == json.npos) return {};
  const auto begin = at + key.size();
  return std::string(json.substr(begin, json.find('"', begin) - begin));
}

std::uint64_t number_of(std::string_view json, std::string_view key) {
  const auto at = json.find(key);
  return at == json.npos ? 0 : std::strtoull(json.data() + at + key.size(), nullptr, 10);
}

/// The user of a token whose signature is right; empty otherwise.
std::string user_of(std::string_view token) {
  const auto dot = token.rfind('.'), first = token.find('.');
  if (dot == token.npos || first == dot) return {};
  std::array<unsigned char, 32> mac;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(token.data()), dot, mac.data(), nullptr);
  const std::string given = decode_base64url(token.substr(dot + 1));
  if (given.size() < mac.size() || std::memcmp(given.data(), mac.data(), mac.size()) != 0) return {};
  return text_of(decode_base64url(token.substr(first + 1, dot - first - 1)), "\"id\":\"");
}

void tell(const Connection& about, const char* event) {
  if (!presence) return;
  const std::string news = frame(std::string("42[\"") + event + "\",{\"userId\":\"" + about.user + "\"}]");
  for (auto& [name, to] : users) {
    if (to != &about) put(*to, news);
  }
}

void log_in(Connection& from, std::string_view packet) {
  from.user = user_of(text_of(packet, "\"token\":\""));
  put(from, frame("40{\"sid\":\"bare\"}"));
  put(from, frame("42[\"authenticated\",{\"user\":{\"id\":\"" + from.user + "\"}}]"));
  users[from.user] = &from;
  tell(from, "user_online");
}

void burst(std::string_view packet) {
  const std::uint64_t count = number_of(packet, "\"count\":"), among = number_of(packet, "\"users\":");
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto found = users.find("user-" + std::to_string(i % among));
    if (found == users.end()) continue;
    put(*found->second, frame("42[\"job_progress\",{\"jobId\":\"job-" + std::to_string(i) +
                              "\",\"progress\":" + std::to_string(i % 101) + ",\"status\":\"processing\"}]"));
    if (batch && (i + 1) % kEventsPerWrite == 0) flush_dirty();
  }
}

void relay(std::string_view packet) {
  const auto found = users.find(text_of(packet, "\"userId\":\""));
  const auto rest = packet.find("\"jobId\"");
  if (found != users.end() && rest != packet.npos)
    put(*found->second, frame("42[\"job_progress\",{" + std::string(packet.substr(rest))));
}

void on_text(Connection& from, std::string_view text) {
  if (text.starts_with("40")) return log_in(from, text);
  if (text.starts_with("42[\"bench_emit\"")) return relay(text);
  if (text.starts_with("42[\"bench_burst\"")) return burst(text);
}

void upgrade(Connection& from) {
  const std::string key =
      from.in.substr(from.in.find("Sec-WebSocket-Key: ") + 19, 24) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  std::array<unsigned char, 32> accept{};
  EVP_EncodeBlock(accept.data(), digest.data(), digest.size());
  put(from, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
                std::string(reinterpret_cast<const char*>(accept.data())) + "\r\n\r\n");
  put(from, frame(R"(0{"sid":"bare","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})"));
  from.in.clear();
  from.upgraded = true;
}

std::size_t take_frame(Connection& from, std::span<char> bytes) {
  if (bytes.size() < 6) return 0;
  std::size_t size = static_cast<unsigned char>(bytes[1]) & 127, head = 2;
  if (size == 126) {
    size = static_cast<std::size_t>(static_cast<unsigned char>(bytes[2])) << 8 | static_cast<unsigned char>(bytes[3]);
    head = 4;
  }
  if (bytes.size() < head + 4 + size) return 0;
  const char* mask = bytes.data() + head;
  char* data = bytes.data() + head + 4;
  for (std::size_t i = 0; i < size; ++i) data[i] ^= mask[i & 3];
  on_text(from, {data, size});
  return head + 4 + size;
}

void drop(Connection& gone) {
  if (const auto found = users.find(gone.user); found != users.end() && found->second == &gone) {
    users.erase(found);
    tell(gone, "user_offline");
  }
  std::erase(dirty, &gone);
  ::close(gone.fd);
  connections.erase(gone.fd);
}

void read(Connection& from) {
  static std::array<char, 65536> buffer;
  const ssize_t got = ::recv(from.fd, buffer.data(), buffer.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) return drop(from);
  from.in.append(buffer.data(), static_cast<std::size_t>(got));
  if (!from.upgraded) return from.in.ends_with("\r\n\r\n") ? upgrade(from) : void();
  std::span<char> rest(from.in);
  while (const std::size_t used = take_frame(from, rest)) rest = rest.subspan(used);
  from.in = std::string(rest.begin(), rest.end());
}

void accept_all(int listener) {
  int fd;
  while ((fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[fd] = std::make_unique<Connection>(Connection{.fd = fd, .in = {}, .out = {}, .user = {}});
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    ::epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  }
}

std::string environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value ? value : otherwise;
}

}  // namespace

int main() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  secret = environment("JWT_SECRET", "");
  batch = environment("BATCH", "0") == "1";
  presence = environment("PRESENCE_EVENTS", "on") != "off";
  poller = ::epoll_create1(0);
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(std::atoi(environment("PORT", "3000").c_str())));
  if (::bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || ::listen(listener, 4096) != 0)
    return std::perror("bind"), 1;
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
  ::epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = ::epoll_wait(poller, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const auto& what = events[static_cast<std::size_t>(i)];
      if (what.data.fd == listener) {
        accept_all(listener);
        continue;
      }
      const auto found = connections.find(what.data.fd);
      if (found == connections.end()) continue;
      if (what.events & EPOLLOUT) flush(*found->second);
      if (what.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read(*found->second);
    }
    flush_dirty();
  }
}
