#include "doctor/talk.hpp"

#include <signalbox/json.hpp>

namespace app::doctor {
namespace {

using signalbox::json;

constexpr char kSeparator = '\x1e';
constexpr std::int64_t kLeastPayload = 128;

void split_payload(std::string_view payload, std::deque<std::string>& out) {
  while (true) {
    const std::size_t end = payload.find(kSeparator);
    out.emplace_back(payload.substr(0, end));
    if (end == std::string_view::npos) return;
    payload.remove_prefix(end + 1);
  }
}

WebSocketClient open_socket(const Address& address, const std::string& sid) {
  HttpRequest request = address.request("websocket");
  if (!sid.empty()) request.target += "&sid=" + percent_encode(sid);
  auto opened = WebSocketClient::open(std::move(request));
  if (!opened) throw Refused(std::move(opened.error()));
  return std::move(*opened);
}

}  // namespace

HttpRequest Address::request(std::string_view transport) const {
  HttpRequest out{.place = place, .target = path + "?EIO=4&transport=" + std::string(transport), .timeout = kPatience};
  if (!origin.empty()) out.fields.emplace_back("Origin", origin);
  return out;
}

HttpRequest PollingTalk::request() const {
  HttpRequest out = address_.request("polling");
  if (!sid_.empty()) out.target += "&sid=" + percent_encode(sid_);
  return out;
}

void PollingTalk::say(const std::string& packet) {
  HttpRequest post = request();
  post.method = "POST";
  post.body = packet;
  post.body_type = "text/plain;charset=UTF-8";
  HttpAnswer answer = http_send(post);
  if (answer.status != 200) throw Refused(std::move(answer));
}

std::string PollingTalk::hear(Milliseconds timeout) {
  if (heard_.empty()) {
    HttpRequest get = request();
    get.timeout = timeout;
    HttpAnswer answer = http_send(get);
    if (answer.status != 200) throw Refused(std::move(answer));
    split_payload(answer.body, heard_);
  }
  std::string packet = std::move(heard_.front());
  heard_.pop_front();
  return packet;
}

WebSocketTalk::WebSocketTalk(const Address& address, const std::string& sid) : socket_(open_socket(address, sid)) {}

void WebSocketTalk::say(const std::string& packet) {
  socket_.send(packet, kPatience);
}

std::string WebSocketTalk::hear(Milliseconds timeout) {
  auto message = socket_.receive(timeout);
  if (!message) throw Closed("the server closed it");
  return *std::move(message);
}

Opening parse_opening(std::string_view packet) {
  const json members = packet.starts_with('0') ? json::parse(packet.substr(1), nullptr, false) : json();
  if (!members.is_object() || !members.contains("sid") || !members["sid"].is_string())
    throw HttpError("what came is no handshake of Engine.IO 4");
  // A number that no server can mean is as good as none.
  const auto number = [&](const char* name, std::int64_t least, std::int64_t otherwise) {
    constexpr std::int64_t kMost = 1'000'000'000;
    if (!members.contains(name) || !members[name].is_number_integer()) return otherwise;
    const auto value = members[name].get<std::int64_t>();
    return value >= least && value <= kMost ? value : otherwise;
  };
  const Opening usual;
  return {.sid = members["sid"].get<std::string>(),
          .ping_interval = Milliseconds(number("pingInterval", 1, usual.ping_interval.count())),
          .ping_timeout = Milliseconds(number("pingTimeout", 1, usual.ping_timeout.count())),
          .max_payload = static_cast<std::size_t>(
              number("maxPayload", kLeastPayload, static_cast<std::int64_t>(usual.max_payload)))};
}

Opening hear_opening(Talk& talk) {
  return parse_opening(talk.hear(kPatience));
}

}  // namespace app::doctor
