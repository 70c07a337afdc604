// An Engine.IO echo on the rooms below Socket.IO.
#include <csignal>

#include "net/network.hpp"
#include "suites.hpp"

namespace signalbox::conformance {
namespace {

/// Sends back what it gets. thread: its session's shard; owned by net.
class Echo final : public engineio::SessionHandler {
 public:
  explicit Echo(engineio::Session& session) : session_(session) {}
  void on_text(std::string_view message, TimePoint) override {
    session_.send(make_frame(false, FrameKind::event, {}, "4", message));
  }
  void on_binary(std::string_view bytes, TimePoint) override { session_.send(binary_frame(bytes)); }
  void on_closed(CloseReason, TimePoint) override {}
  void on_received(std::uint32_t, TimePoint) override {}
  TimePoint next_deadline() const override { return kNever; }
  void on_timer(TimePoint) override {}

 private:
  engineio::Session& session_;
};

/// One a shard, on that shard's thread; owned by net.
class EchoApplication final : public net::ShardApplication {
 public:
  std::unique_ptr<engineio::SessionHandler> on_session(engineio::Session& session, net::SessionControl&,
                                                       HandshakeRequest, TimePoint) override {
    return std::make_unique<Echo>(session);
  }
  void on_message(Message&, TimePoint) override {}
  std::optional<net::Response> on_head(const net::RequestHead&, net::Admission&) override {
    return net::Response{.status = 404, .fields = {}, .body = ""};
  }
  net::Response refusal(int status, net::Door) override { return {.status = status, .fields = {}, .body = ""}; }
  void on_request(const net::RequestHead&, std::string_view, const net::RequestId&, TimePoint) override {}
  void add_cors(const net::RequestHead&, std::vector<std::pair<std::string, std::string>>& out) override {
    out.emplace_back("Access-Control-Allow-Origin", "*");
  }
  bool origin_allowed(const net::RequestHead&) override { return true; }
  TimePoint next_deadline() const override { return kNever; }
  void on_timer(TimePoint) override {}
};

void wait_for_signal(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
}

}  // namespace

void serve_engineio(std::uint16_t port, unsigned threads) {
  sigset_t signals;  // blocked before the shards start, so that they inherit it
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);

  net::Options options;
  options.host = "localhost";
  options.port = port;
  options.shards = threads;
  options.path = "/engine.io/";
  options.session.ping_interval = Milliseconds{300};
  options.session.ping_timeout = Milliseconds{200};
  options.session.max_payload_bytes = 1'000'000;
  const auto network = net::Network::create(options, [](unsigned) { return std::make_unique<EchoApplication>(); });
  network->start();
  wait_for_signal(signals);
  network->stop();
}

}  // namespace signalbox::conformance
