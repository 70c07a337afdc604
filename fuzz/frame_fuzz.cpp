// Frames of a client, cut where the input says.
#include <cstdint>
#include <string>
#include <vector>

#include "in_pieces.hpp"
#include "websocket/frame_decoder.hpp"

namespace {

using signalbox::websocket::Event;
using signalbox::websocket::FrameDecoder;

std::vector<std::string> decode(std::string_view bytes, std::size_t step) {
  FrameDecoder decoder(4096, 16);
  std::vector<std::string> log;
  signalbox::fuzz::in_pieces(bytes, step, [&](std::span<char> input) {
    for (;;) {
      auto event = decoder.next(input);
      if (!event) return log.push_back("error " + std::to_string(static_cast<int>(event.error()))), false;
      if (event->kind == Event::Kind::need_more) break;
      log.push_back(std::to_string(static_cast<int>(event->kind)) + std::string(event->data));
    }
    SB_ASSERT(decoder.partial_bytes() <= 4096 + 125);
    return true;
  });
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  signalbox::fuzz::whole_and_in_pieces(data, size, decode);
  return 0;
}
