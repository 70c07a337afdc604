#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::test {

/// The next whole frame that a server wrote, taken off `bytes`: its opcode and what it carries.
struct ServerFrame {
  int opcode = 0;
  std::string payload;
};
inline std::optional<ServerFrame> take_frame(std::string& bytes) {
  const auto byte = [&bytes](std::size_t at) { return std::size_t{static_cast<unsigned char>(bytes[at])}; };
  if (bytes.size() < 2) return std::nullopt;
  const std::size_t length_bytes = byte(1) == 126 ? 2 : byte(1) == 127 ? 8 : 0, head = 2 + length_bytes;
  if (bytes.size() < head) return std::nullopt;
  std::size_t size = length_bytes == 0 ? byte(1) : 0;
  for (std::size_t i = 2; i < head; ++i) size = size << 8 | byte(i);
  if (bytes.size() < head + size) return std::nullopt;
  ServerFrame frame{.opcode = static_cast<int>(byte(0) & 15), .payload = bytes.substr(head, size)};
  bytes.erase(0, head + size);
  return frame;
}

}  // namespace signalbox::test
