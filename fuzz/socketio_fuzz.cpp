// Socket.IO: any packet through the decoder, and any sequence of packets, attachments and time through a client whose
// application answers, emits and disconnects. What must hold: nothing is sent after the end; the application hears of
// one disconnect for each connect; nothing stays in the directory; a client that closed owes no bytes.
#include <signalbox/event_registry.hpp>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "socketio/packet.hpp"
#include "unit/hub/fake_hub.hpp"

namespace {

using namespace signalbox;
using namespace signalbox::hub;
using namespace signalbox::hub::test;

void require(bool condition) {
  if (!condition) std::abort();
}

struct World {
  int connects = 0, disconnects = 0;
  FakeHub hub{settings()};

  static Config settings() {
    Config config;
    config.presence_grace = Milliseconds(0);
    config.max_payload_bytes = 2000;
    config.client_events_per_s = 20;
    config.max_namespaces = 2;
    return config;
  }

  World() {
    hub.config.jwt_secret = kSecret;
    for (const char* nsp : {"/", "/a", "/b"}) {
      hub.events(nsp)
          .without_jwt()
          .use([](ConnectRequest& request) -> std::expected<void, ConnectRefusal> {
            if (request.auth_text().find("no") != std::string_view::npos)
              return std::unexpected(ConnectRefusal{.message = "no"});
            request.set_user("somebody", R"({"id":"somebody"})");
            return {};
          })
          .on_connect([this](Socket&) { ++connects; })
          .on_disconnect([this](Socket&, std::string_view) { ++disconnects; })
          .on_text("echo",
                   [](Socket& socket, Arguments got, Ack ack) {
                     if (ack) ack.send_text(got.text, got.attachments);
                     socket.emit_text("back", got.text, got.attachments);
                   })
          .on_text("ask",
                   [](Socket& socket, Arguments, Ack) {
                     socket.emit_with_ack("question", "[]", [](AckResult) {}, std::chrono::milliseconds(100));
                   })
          .on_text("leave", [](Socket& socket, Arguments, Ack) { socket.disconnect(false); })
          .on_text("close", [](Socket& socket, Arguments, Ack) { socket.disconnect(true); })
          .on_text("throw", [](Socket&, Arguments, Ack) { throw std::runtime_error("thrown"); });
    }
    hub.registry.start(hub.config);
  }
};

void check_packet(std::string_view text) {
  const socketio::DecodeLimits limits;
  const auto packet = socketio::decode(text, limits);
  if (!packet) return;
  require(packet->attachments <= limits.max_attachments && packet->nsp.starts_with('/'));
  // Written again from its parts it is the same packet.
  const std::string again = socketio::packet_head(packet->type, packet->nsp, packet->ack_id, packet->attachments) +
                            std::string(packet->payload);
  const auto twice = socketio::decode(std::string_view(again).substr(1), limits);
  require(twice && *twice == *packet);
  static_cast<void>(socketio::read_event(packet->payload, 256));
  static_cast<void>(socketio::placeholders_fit(packet->payload, packet->attachments));
}

}  // namespace

// Lines: the first byte says what a line is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test_now = TimePoint(std::chrono::hours(1));
  World world;
  {
    FakeClient client(world.hub);
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    while (!rest.empty()) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      const auto copy = std::make_unique<char[]>(line.size());
      std::copy(line.begin(), line.end(), copy.get());
      const std::string_view exact(copy.get(), line.size());
      if (line.starts_with('+')) {
        test_now += Milliseconds(100 * static_cast<int>(line.size()));
        if (!client.closed && client.client.next_deadline() <= test_now) client.client.on_timer(test_now);
      } else if (line.starts_with('=')) {
        if (!client.closed) client.binary(exact.substr(1));
      } else {
        check_packet(exact);
        if (!client.closed) client.text(exact);
      }
      const std::size_t sent = client.sent.size();
      world.hub.deliver();
      if (client.closed) require(client.sent.size() == sent && client.partial == 0);
    }
    if (!client.closed) client.close(CloseReason::transport_close, test_now);
    require(client.partial == 0);
    world.hub.deliver();
  }
  world.hub.directory.on_timer(test_now + std::chrono::hours(1));
  require(world.connects == world.disconnects);
  require(world.hub.directory.presence.online_users().empty());
  return 0;
}
