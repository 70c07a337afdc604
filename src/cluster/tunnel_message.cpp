#include "cluster/tunnel_message.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace signalbox::cluster {
namespace {

using Kind = TunnelMessage::Kind;

constexpr std::uint8_t kVersion = 1;

bool carries_bytes(Kind kind) {
  return kind == Kind::open || kind == Kind::data;
}

template <class Number>
void put(std::string& out, Number number) {
  for (std::size_t i = sizeof number; i-- > 0;) out += static_cast<char>(number >> (8 * i) & 255);
}

/// Takes a message apart, from its beginning on.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) short_ = true;
    size = std::min(size, rest_.size());
    const std::string_view part = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return part;
  }
  template <class Number>
  Number number() {
    Number value = 0;
    for (const char c : take(sizeof value)) value = static_cast<Number>(value << 8 | static_cast<unsigned char>(c));
    return value;
  }
  std::string_view take_rest() { return std::exchange(rest_, {}); }
  /// Was there all that was asked for, and no more?
  bool fits() const { return !short_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool short_ = false;
};

}  // namespace

std::string write_tunnel_message(const TunnelMessage& message) {
  SB_ASSERT(message.bytes.size() <= TunnelMessage::kMostBytes);
  std::string out;
  out.reserve(40 + message.bytes.size());
  put(out, kVersion);
  put(out, std::to_underlying(message.kind));
  put(out, std::to_underlying(message.from));
  put(out, message.tunnel);
  put(out, message.number);
  if (message.kind == Kind::open) out.append(message.peer.begin(), message.peer.end());
  if (message.kind == Kind::taken) put(out, message.taken);
  if (carries_bytes(message.kind)) out += message.bytes;
  return out;
}

std::expected<TunnelMessage, std::string_view> read_tunnel_message(std::string_view text) {
  Reader reader(text);
  if (reader.number<std::uint8_t>() != kVersion) return std::unexpected("it is of another version");
  const auto kind = reader.number<std::uint8_t>(), from = reader.number<std::uint8_t>();
  if (kind > std::to_underlying(Kind::close) || from > std::to_underlying(TunnelSide::owner))
    return std::unexpected("it is of no known kind");
  TunnelMessage message{.kind = Kind{kind}, .from = TunnelSide{from}};
  if (message.kind == (message.from == TunnelSide::owner ? Kind::open : Kind::opened))
    return std::unexpected("it is of the wrong side");
  message.tunnel = reader.number<std::uint64_t>();
  message.number = reader.number<std::uint32_t>();
  if (message.kind == Kind::open) std::ranges::copy(reader.take(message.peer.size()), message.peer.begin());
  if (message.kind == Kind::taken) message.taken = reader.number<std::uint32_t>();
  if (carries_bytes(message.kind)) message.bytes = reader.take_rest();
  if (message.bytes.size() > TunnelMessage::kMostBytes) return std::unexpected("it carries too much");
  if (!reader.fits()) return std::unexpected("it is cut, or something stands behind it");
  return message;
}

}  // namespace signalbox::cluster
