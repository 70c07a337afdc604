#include "engineio/packet.hpp"

namespace signalbox::engineio {

std::optional<PacketView> decode_packet(std::string_view text, bool in_payload) {
  if (text.empty()) return std::nullopt;
  const char type = text.front();
  const bool known = (type >= '0' && type <= '6') || (type == 'b' && in_payload);
  if (!known) return std::nullopt;
  return PacketView{.type = static_cast<PacketType>(type), .data = text.substr(1)};
}

std::optional<PacketView> PayloadReader::next() {
  if (left_ == 0) return std::nullopt;
  --left_;
  const std::size_t end = rest_.find(kSeparator);
  const std::string_view text = rest_.substr(0, end);
  done_ = end == std::string_view::npos;
  rest_ = done_ ? std::string_view{} : rest_.substr(end + 1);
  return decode_packet(text, true);
}

}  // namespace signalbox::engineio
