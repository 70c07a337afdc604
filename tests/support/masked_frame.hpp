#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::test {

/// A frame as a client sends it. `first` is the first byte: FIN, reserved bits, opcode. source  RFC 6455 §5.2.
inline std::string masked_frame(unsigned char first, std::string_view payload,
                                std::string_view key = "\x37\xfa\x21\x3d") {
  std::string out(1, static_cast<char>(first));
  const std::size_t size = payload.size();
  const int length_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  out += static_cast<char>(0x80 | (length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127));
  for (int i = length_bytes; i-- > 0;) out += static_cast<char>(static_cast<std::uint64_t>(size) >> (8 * i));
  out += key;
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(payload[i] ^ key[i % 4]);
  return out;
}

}  // namespace signalbox::test
