// Namespaces `/` and `/custom` that tell clients their connect payload and send back what `/` gets.
#include <signalbox/signalbox.hpp>

#include "suites.hpp"

namespace signalbox::conformance {
namespace {

void send_auth(Socket& socket) {
  socket.emit("auth", socket.handshake().auth);
}

}  // namespace

void serve_socketio(std::uint16_t port, unsigned threads) {
  using std::chrono::milliseconds;
  Config config;
  config.data_dir.clear();
  config.host = "localhost";
  config.port = port;
  config.threads = threads;
  config.cors_origin = std::string("*");
  config.ping_interval = milliseconds{300};
  config.ping_timeout = milliseconds{200};
  config.connect_timeout = milliseconds{1000};
  config.max_payload_bytes = 1'000'000;
  config.client_events_per_s = 0;  // a pong of these 200 ms must not wait behind a burst of events
  config.log_level = "warn";
  config.redis_url = redis_url();

  WebSocketService service{config};
  service.events("/custom").without_jwt().on_connect(send_auth);
  service.events()
      .without_jwt()
      .on_connect(send_auth)
      .on_text("message",
               [](Socket& socket, Arguments got, Ack) { socket.emit_text("message-back", got.text, got.attachments); })
      .on_text("message-with-ack",
               [](Socket&, Arguments got, Ack ack) { ack.send_text(std::move(got.text), std::move(got.attachments)); });
  service.run();
}

}  // namespace signalbox::conformance
