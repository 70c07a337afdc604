// What another node says of a tunnel: refused, or read as it would be written.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.hpp"
#include "cluster/tunnel_message.hpp"

using namespace signalbox::cluster;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto message = read_tunnel_message(text);
  if (!message) return 0;
  SB_ASSERT(message->bytes.size() <= TunnelMessage::kMostBytes);
  SB_ASSERT(write_tunnel_message(*message) == text);
  return 0;
}
