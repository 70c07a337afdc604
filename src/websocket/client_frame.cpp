#include "websocket/client_frame.hpp"

namespace signalbox::websocket {

void append_client_frame(std::string& out, ClientFrame kind, std::string_view first, std::string_view second) {
  constexpr unsigned char kFinal = 0x80, kMasked = 0x80;
  constexpr std::uint64_t kTwoBytes = 126, kEightBytes = 127;
  const std::uint64_t size = first.size() + second.size();
  const std::uint64_t length = size < kTwoBytes ? size : size < 65'536 ? kTwoBytes : kEightBytes;
  const int length_bits = length == kTwoBytes ? 16 : length == kEightBytes ? 64 : 0;
  out += static_cast<char>(kFinal | static_cast<unsigned char>(kind));
  out += static_cast<char>(kMasked | length);
  for (int shift = length_bits - 8; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
  out.append(4, '\0');
  (out += first) += second;
}

}  // namespace signalbox::websocket
