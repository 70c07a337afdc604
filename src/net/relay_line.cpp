#include "net/relay_line.hpp"

#include <algorithm>
#include <array>

#include "base/percent.hpp"
#include "base/text.hpp"

namespace signalbox::net {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::size_t kMostHead = 16 * 1024;

std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

/// Does the field belong to the connection on which it came?
bool of_connection(std::string_view name) {
  constexpr std::array kNames = {"Connection", "Upgrade", "Keep-Alive",        "Proxy-Connection", "Content-Length",
                                 "Expect",     "TE",      "Transfer-Encoding", "Trailer"};
  constexpr std::string_view kWebSocket = "Sec-WebSocket-";
  return std::ranges::any_of(kNames, [name](const char* one) { return equal_ignoring_case(name, one); }) ||
         equal_ignoring_case(name.substr(0, kWebSocket.size()), kWebSocket);
}

/// Is the parameter one of Engine.IO's own?
bool of_engine(std::string_view parameter) {
  std::string name;
  percent_decode(parameter.substr(0, parameter.find('=')), name);
  return name == "EIO" || name == "transport" || name == "sid" || name == "t" || name == "b64";
}

std::string target_of(std::string_view target) {
  std::string out(take_until(target, '?'));
  out += "?EIO=4&transport=websocket";
  while (!target.empty()) {
    const std::string_view parameter = take_until(target, '&');
    if (!of_engine(parameter)) (out += '&') += parameter;
  }
  return out;
}

}  // namespace

std::string relay_request(const HandshakeRequest& handshake) {
  const std::string lines = handshake.head();
  std::string_view head = lines;
  std::string out = "GET " + target_of(take_until(head, '\n')) + " HTTP/1.1\r\n";
  while (!head.empty()) {
    const std::string_view field = take_until(head, '\n');
    const std::size_t colon = field.find(':');
    if (colon == field.npos || of_connection(field.substr(0, colon))) continue;
    ((out += field.substr(0, colon + 1)) += field.substr(colon + 1)) += "\r\n";
  }
  // The key is the RFC's own: nobody stands between who could mistake an old answer for this one.
  out +=
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  return out;
}

std::expected<bool, RelayLine::Broken> RelayLine::take_head(std::span<char>& input) {
  constexpr std::string_view kSwitched = "HTTP/1.1 101 ";
  const std::size_t before = head_.size();
  head_.append(input.data(), std::min(input.size(), kMostHead - before));
  const std::size_t end = head_.find(kHeadEnd, before < kHeadEnd.size() ? 0 : before - kHeadEnd.size());
  if (end == head_.npos) {
    input = input.subspan(head_.size() - before);
    return head_.size() < kMostHead ? std::expected<bool, Broken>(false) : std::unexpected(Broken{});
  }
  input = input.subspan(end + kHeadEnd.size() - before);
  if (!head_.starts_with(kSwitched)) return std::unexpected(Broken{});
  std::string().swap(head_);
  return true;
}

std::expected<RelayLine::Words, RelayLine::Broken> RelayLine::take_text(std::string_view packet) {
  const char type = packet.empty() ? '\0' : packet.front();
  if (step_ == Step::open_packet) {
    if (type != '0') return std::unexpected(Broken{});
    step_ = Step::open;
    return Words{.said = Said::opened};
  }
  if (type == '4') return Words{.said = Said::text, .data = packet};
  if (packet == "2") return Words{.said = Said::heartbeat};
  return std::unexpected(Broken{});
}

std::expected<RelayLine::Words, RelayLine::Broken> RelayLine::next(std::span<char>& input) {
  using Kind = websocket::Event::Kind;
  if (step_ == Step::head) {
    const auto whole = take_head(input);
    if (!whole) return std::unexpected(whole.error());
    if (!*whole) return Words{};
    step_ = Step::open_packet;
  }
  for (;;) {
    const auto event = decoder_.next(input);
    if (!event) return std::unexpected(Broken{});
    switch (event->kind) {
      case Kind::need_more:
        return Words{};
      case Kind::text:
        return take_text(event->data);
      case Kind::binary:
        if (step_ != Step::open) return std::unexpected(Broken{});
        return Words{.said = Said::binary, .data = event->data};
      case Kind::ping:
        return Words{.said = Said::ping, .data = event->data};
      case Kind::pong:
        continue;
      case Kind::close:
        return std::unexpected(Broken{});
    }
  }
}

}  // namespace signalbox::net
