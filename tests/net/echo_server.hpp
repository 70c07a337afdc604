#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>

#include "net/network.hpp"

// An Engine.IO echo on a real port, and clients made of nothing but a socket.
namespace signalbox::net::test {

/// Sends back what it gets; "relay TAG" has the node of that tag serve its client, and then says "relayed" there, or
/// "no" here.
class Echo final : public engineio::SessionHandler {
 public:
  Echo(engineio::Session& session, SessionControl& control, HandshakeRequest handshake, std::atomic<int>& open)
      : session_(session), control_(control), handshake_(std::move(handshake)), open_(open) {
    ++open_;
  }
  void on_text(std::string_view message, TimePoint) override {
    constexpr std::string_view kRelay = "relay ";
    message.starts_with(kRelay) ? relay_to(std::string(message.substr(kRelay.size()))) : send(message);
  }
  void on_binary(std::string_view bytes, TimePoint) override { session_.send(binary_frame(bytes)); }
  void on_closed(CloseReason, TimePoint) override { --open_; }
  void on_received(std::uint32_t, TimePoint) override {}
  TimePoint next_deadline() const override { return kNever; }
  void on_timer(TimePoint) override {}

 private:
  void send(std::string_view message) { session_.send(make_frame(false, FrameKind::event, {}, "4", message)); }
  void relay_to(std::string tag) {
    const auto then = [this](engineio::SessionHandler* relay) {
      if (!relay) return send("no");
      --open_;
      relay->on_text("relayed", TimePoint());
    };
    if (!control_.relay_to(std::move(tag), handshake_, then)) send("no");
  }

  engineio::Session& session_;
  SessionControl& control_;
  const HandshakeRequest handshake_;
  std::atomic<int>& open_;
};

/// The body of an answer that goes on, and on its first line.
struct OneLine final : BodySource {
  Next next(std::string& piece) override {
    if (!std::exchange(said, true)) piece = "a line\n";
    return Next::later;
  }
  bool said = false;
};

class EchoApplication final : public ShardApplication {
 public:
  EchoApplication(Network*& network, std::atomic<int>& open) : network_(network), open_(open) {}
  std::unique_ptr<engineio::SessionHandler> on_session(engineio::Session& session, SessionControl& control,
                                                       HandshakeRequest handshake, TimePoint) override {
    return std::make_unique<Echo>(session, control, std::move(handshake), open_);
  }
  void on_message(Message&, TimePoint) override {}
  std::optional<Response> on_head(const RequestHead& head, Admission& admission) override {
    if (head.path == "/refuse") return Response{.status = 401, .fields = {}, .body = "no"};
    admission.max_body = 1000;
    return std::nullopt;
  }
  Response refusal(int status, Door) override { return {.status = status, .fields = {}, .body = "refused"}; }
  void on_request(const RequestHead& head, std::string_view body, const RequestId& id, TimePoint) override {
    if (head.path == "/goes-on") return network_->stream(id, {.fields = {}, .body = {}}, std::make_unique<OneLine>());
    network_->answer(id, {.status = 200, .fields = {}, .body = std::string(head.path) + ":" + std::string(body)});
  }
  void add_cors(const RequestHead&, std::vector<std::pair<std::string, std::string>>& out) override {
    out.emplace_back("Access-Control-Allow-Origin", "*");
  }
  bool origin_allowed(const RequestHead& head) override { return head.field("Origin") != "http://evil"; }
  TimePoint next_deadline() const override { return kNever; }
  void on_timer(TimePoint) override {}

 private:
  Network*& network_;
  std::atomic<int>& open_;
};

struct EchoServer {
  explicit EchoServer(unsigned shards, Options options = {}) {
    options.host = "127.0.0.1";
    if (options.port == Config().port) options.port = 0;
    options.shards = shards;
    network = Network::create(options, [this](unsigned) { return std::make_unique<EchoApplication>(raw, open); });
    raw = network.get();
    network->start();
  }
  ~EchoServer() { network->stop(); }

  Network* raw = nullptr;
  std::atomic<int> open{0};  ///< sessions that have not been told of their end
  std::unique_ptr<Network> network;
};

class Client {
 public:
  explicit Client(const EchoServer& server) : Client(server.network->port()) {}
  explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) close();
  }
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)) {}
  ~Client() { close(); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void send(std::string_view bytes) { static_cast<void>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL)); }

  /// Reads until `in` holds `text`; false after 5 s or at the end of the stream.
  bool read_until(std::string_view text) {
    while (in_.find(text) == std::string::npos)
      if (!read_more()) return false;
    return true;
  }
  /// One answer with its body; empty when none comes.
  std::string answer() {
    if (!read_until("\r\n\r\n")) return {};
    const auto head = in_.find("\r\n\r\n") + 4;
    const auto at = in_.find("Content-Length: ");
    const std::size_t length = at < head ? std::stoul(in_.substr(at + 16)) : 0;
    while (in_.size() < head + length)
      if (!read_more()) return {};
    return take(head + length);
  }
  std::string body() {
    const auto whole = answer();
    const auto at = whole.find("\r\n\r\n");
    return at == std::string::npos ? "" : whole.substr(at + 4);
  }
  /// One unmasked server frame's payload, its opcode before it ("1:hi").
  std::string frame() {
    while (in_.size() < 2)
      if (!read_more()) return {};
    const auto opcode = static_cast<unsigned char>(in_[0]) & 15;
    std::size_t size = static_cast<unsigned char>(in_[1]), header = 2;
    if (size == 126) {
      while (in_.size() < 4)
        if (!read_more()) return {};
      size = static_cast<std::size_t>(static_cast<unsigned char>(in_[2])) << 8 | static_cast<unsigned char>(in_[3]);
      header = 4;
    }
    while (in_.size() < header + size)
      if (!read_more()) return {};
    return std::to_string(opcode) + ":" + take(header + size).substr(header);
  }
  bool closed() {
    while (read_more()) {
    }
    return ended_;
  }

 private:
  bool read_more() {
    pollfd poll{.fd = fd_, .events = POLLIN, .revents = 0};
    if (::poll(&poll, 1, 5000) != 1) return false;
    char buffer[65536];
    const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
    ended_ = got <= 0;
    if (got > 0) in_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }
  std::string take(std::size_t count) {
    std::string out = in_.substr(0, count);
    in_.erase(0, count);
    return out;
  }

  int fd_;
  bool ended_ = false;
  std::string in_;
};

inline std::string masked(unsigned char opcode, std::string_view payload) {
  std::string out{static_cast<char>(0x80 | opcode)};
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 255);
  }
  const char key[4] = {1, 2, 3, 4};
  out.append(key, 4);
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ key[i & 3]);
  return out;
}

inline std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n";
}
inline std::string post(const std::string& target, const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}
inline const std::string kPolling = "/socket.io/?EIO=4&transport=polling";
inline const std::string kWebSocket = "/socket.io/?EIO=4&transport=websocket";
inline std::string upgrade(const std::string& target, const std::string& more = "") {
  return "GET " + target +
         " HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: "
         "13\r\n"
         "sec-websocket-KEY: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         more + "\r\n";
}
inline std::string sid_of(const std::string& open) {
  const auto at = open.find("\"sid\":\"") + 7;
  return open.substr(at, open.find('"', at) - at);
}

}  // namespace signalbox::net::test
