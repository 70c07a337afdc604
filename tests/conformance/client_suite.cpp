// What the tests of the JavaScript client expect of their server: a handful of namespaces, refusals and events.
#include <ctime>

#include <signalbox/signalbox.hpp>

#include "suites.hpp"

namespace signalbox::conformance {
namespace {

constexpr char kOneAttachment[] = R"([{"_placeholder":true,"num":0}])";

/// Now, as JavaScript prints a date in JSON: "2026-11-23T12:00:00.000Z".
std::string iso_date() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::time_t seconds = ms / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char date[64], milliseconds[16];
  std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(milliseconds, sizeof milliseconds, ".%03dZ", static_cast<int>(ms % 1000));
  return std::string(date) + milliseconds;
}

Middleware refuse_if(std::string_view query, const char* message) {
  return [query, message](ConnectRequest& request) -> std::expected<void, ConnectRefusal> {
    if (!query.empty() && request.query(query).empty()) return {};
    return std::unexpected(ConnectRefusal{.message = message});
  };
}

void send_id(Socket& socket, const json&, Ack ack) {
  ack(socket.id());
}

/// Asks the client for an acknowledgement and says whether it was the right one.
void ask_for_ack(Socket& socket, const json&, Ack) {
  socket.emit_with_ack("ack", "[]", [socket](AckResult answer) mutable {
    if (answer && answer->values() == json::parse(R"([5,{"test":true}])")) socket.emit_text("got it", "[]");
  });
}

void send_texts(Socket& socket, const json&, Ack) {
  for (const char* text : {"てすと", "Я Б Г Д Ж Й", "Ä ä Ü ü ß", "utf8 — string", "utf8 — string"})
    socket.emit("takeUtf8", text);
}

void answer_json_with_binary(Socket& socket, Arguments got, Ack) {
  const json values = got.values();
  if (got.attachments.size() != 1 || values.empty() || !values[0].is_object()) return;
  const json& message = values[0];
  if (message.value("hello", "") == "lol" && message.value("goodbye", "") == "gotcha")
    socket.emit_text("jsonbuff-ack", "[]");
}

void add_dates(EventRegistry events) {
  events.on("getAckDate", [](Socket&, const json&, Ack ack) { ack(iso_date()); })
      .on("getDate", [](Socket& socket, const json&, Ack) { socket.emit("takeDate", iso_date()); })
      .on("getDateObj", [](Socket& socket, const json&, Ack) { socket.emit("takeDateObj", {{"date", iso_date()}}); });
}

void add_binary(EventRegistry events) {
  events.on("doge", [](Socket& socket, const json&, Ack) { socket.emit_text("doge", kOneAttachment, {"asdfasdf"}); })
      .on_text("buffa",
               [](Socket& socket, Arguments got, Ack) {
                 if (got.attachments.size() == 1) socket.emit_text("buffack", "[]");
               })
      .on_text("jsonbuff", answer_json_with_binary)
      .on_text("abuff1", [](Socket&, Arguments, Ack) {})
      .on("abuff2", [](Socket& socket, const json&, Ack) { socket.emit_text("abuff2-ack", "[]"); });
}

void add_main_namespace(EventRegistry events) {
  events.without_jwt().use(refuse_if("fail", "Auth failed (main namespace)"));
  events.on("hi", [](Socket& socket, const json&, Ack) { socket.emit_text("hi", "[]"); })
      .on("echo", [](Socket&, const json& arguments, Ack ack) { ack(arguments.empty() ? json() : arguments[0]); })
      .on("ack", ask_for_ack)
      .on("getId", send_id)
      .on("getUtf8", send_texts)
      .on("false", [](Socket& socket, const json&, Ack) { socket.emit("false", false); })
      .on("getHandshake", [](Socket& socket, const json&, Ack ack) { ack(socket.handshake().to_json()); });
  add_dates(events);
  add_binary(events);
}

}  // namespace

void serve_client(std::uint16_t port, unsigned threads) {
  Config config;
  config.data_dir.clear();
  config.host = "localhost";
  config.port = port;
  config.threads = threads;
  config.ping_interval = std::chrono::milliseconds{2000};
  config.recovery_window = std::chrono::seconds{120};
  config.log_level = "warn";
  config.redis_url = redis_url();

  WebSocketService service{config};
  add_main_namespace(service.events());
  service.events("/foo").without_jwt().on("getId", send_id);
  for (const char* quiet : {"/timeout_socket", "/valid", "/asd"}) service.events(quiet).without_jwt();
  service.events("/abc").without_jwt().on_connect(
      [](Socket& socket) { socket.emit("handshake", socket.handshake().to_json()); });
  service.events("/no").without_jwt().use(refuse_if("", "Auth failed (custom namespace)"));
  service.run();
}

}  // namespace signalbox::conformance
