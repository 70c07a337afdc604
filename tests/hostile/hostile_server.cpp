// The program that tests/hostile attacks: on the public API, with handlers that send back what they get, and routes
// that say what the server holds and give a large answer. Settings come from the environment.
#include <signalbox/signalbox.hpp>

#include <exception>
#include <iostream>
#include <memory>
#include <string>

namespace {

using namespace signalbox;

constexpr int kNamespaces = 12;  ///< /1 to /12, for clients that join too many

void echo(EventRegistry events) {
  events.on_text("message", [](Socket& socket, Arguments got, Ack) {
    socket.emit_text("message-back", got.text, got.attachments);
  });
  events.on_text("question", [](Socket&, Arguments got, Ack ack) {
    ack.send_text(std::move(got.text), std::move(got.attachments));
  });
}

/// Asks the client `count` times at once, and tells how many questions were refused for too many being open, and how
/// many had an answer or none in time.
void ask_many(Socket& socket, const json& arguments, Ack) {
  struct Sums {
    int open = 0, answered = 0, late = 0, refused = 0;
  };
  const auto sums = std::make_shared<Sums>();
  const auto count = arguments.at(0).get<int>();
  sums->open = count;
  for (int i = 0; i < count; ++i) {
    socket.emit_with_ack("asked", "[]", [socket, sums](AckResult answer) mutable {
      if (answer)
        ++sums->answered;
      else
        ++(answer.error() == AckError::timeout ? sums->late : sums->refused);
      if (--sums->open == 0)
        socket.emit("asked all", {{"answered", sums->answered}, {"late", sums->late}, {"refused", sums->refused}});
    });
  }
}

RouteAnswer counts(const WebSocketService& service) {
  const ServiceCounts now = service.counts();
  return {.content_type = "application/json",
          .body = json{{"connections", now.connections},
                       {"sessions", now.sessions},
                       {"unauthenticated", now.unauthenticated},
                       {"timers", now.timers},
                       {"partialBytes", now.partial_bytes},
                       {"queuedBytes", now.queued_bytes},
                       {"users", now.users}}
                      .dump()};
}

}  // namespace

int main() try {
  WebSocketService service{Config::from_env()};
  echo(service.events());
  service.events().on("ask many", ask_many);
  for (int i = 1; i <= kNamespaces; ++i) echo(service.events("/" + std::to_string(i)).without_jwt());
  service.serve("/counts", [&service](const RouteRequest&) { return counts(service); });
  service.serve("/large", [](const RouteRequest&) { return RouteAnswer{.body = std::string(300'000, 'x')}; });
  service.run();
  return 0;
} catch (const std::exception& error) {
  std::cerr << "hostile_server: " << error.what() << '\n';
  return 1;
}
