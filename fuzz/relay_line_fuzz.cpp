// What the other end of a relay says, cut where the input says. The same bytes in one piece and in many give the same.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "net/relay_line.hpp"

namespace {

using signalbox::net::RelayLine;

std::vector<std::string> read(const std::uint8_t* data, std::size_t size, std::size_t step) {
  RelayLine line;
  std::vector<std::string> log;
  for (std::size_t at = 0; at < size; at += step) {
    const std::size_t length = std::min(step, size - at);
    auto copy = std::make_unique<char[]>(length);
    std::copy(data + at, data + at + length, copy.get());
    std::span<char> input(copy.get(), length);
    for (;;) {
      const auto words = line.next(input);
      if (!words) return log.push_back("broken"), log;
      if (words->said == RelayLine::Said::nothing) break;
      log.push_back(std::to_string(static_cast<int>(words->said)) + std::string(words->data));
    }
  }
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  if (read(data + 1, size - 1, size) != read(data + 1, size - 1, 1 + data[0] % 64)) std::abort();
  return 0;
}
