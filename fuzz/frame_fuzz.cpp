// Frames of a client, cut where the input says. The same bytes in one piece and in many must give the same.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "websocket/frame_decoder.hpp"

namespace {

using signalbox::websocket::Event;
using signalbox::websocket::FrameDecoder;

std::vector<std::string> decode(const std::uint8_t* data, std::size_t size, std::size_t step) {
  FrameDecoder decoder(4096, 16);
  std::vector<std::string> log;
  for (std::size_t at = 0; at < size; at += step) {
    const std::size_t length = std::min(step, size - at);
    auto copy = std::make_unique<char[]>(length);
    std::copy(data + at, data + at + length, copy.get());
    std::span<char> input(copy.get(), length);
    for (;;) {
      auto event = decoder.next(input);
      if (!event) {
        log.push_back("error " + std::to_string(static_cast<int>(event.error())));
        return log;
      }
      if (event->kind == Event::Kind::need_more) break;
      log.push_back(std::to_string(static_cast<int>(event->kind)) + std::string(event->data));
    }
    if (decoder.partial_bytes() > 4096 + 125) std::abort();
  }
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  if (decode(data + 1, size - 1, size) != decode(data + 1, size - 1, 1 + data[0] % 64)) std::abort();
  return 0;
}
