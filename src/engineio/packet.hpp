#pragma once
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::engineio {

/// The character that begins a text packet. source  Engine.IO protocol v4, "Packet encoding".
enum class PacketType : char {
  open = '0',
  close = '1',
  ping = '2',
  pong = '3',
  message = '4',
  upgrade = '5',
  noop = '6',
  binary = 'b'
};

struct PacketView {
  PacketType type;
  std::string_view data;  ///< borrows; of binary in a payload: still base64
  bool operator==(const PacketView&) const = default;
};

/// One packet of a polling payload, or the text of one WebSocket message (where 'b' does not exist). Nothing: parse
/// error.
std::optional<PacketView> decode_packet(std::string_view text, bool in_payload);

/// Walks the packets of a polling payload without building a list of them.
class PayloadReader {
 public:
  PayloadReader(std::string_view body, std::size_t max_packets) : rest_(body), left_(max_packets) {}
  bool done() const { return done_; }
  /// The next packet; nothing if it is malformed, empty, or one too many.
  std::optional<PacketView> next();

 private:
  std::string_view rest_;
  std::size_t left_;
  bool done_ = false;
};

inline constexpr char kSeparator = '\x1e';

}  // namespace signalbox::engineio
