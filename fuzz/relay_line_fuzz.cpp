// What the other end of a relay says, cut where the input says.
#include <cstdint>
#include <string>
#include <vector>

#include "in_pieces.hpp"
#include "net/relay_line.hpp"

namespace {

using signalbox::net::RelayLine;

std::vector<std::string> said(std::string_view bytes, std::size_t step) {
  RelayLine line;
  std::vector<std::string> log;
  signalbox::fuzz::in_pieces(bytes, step, [&](std::span<char> input) {
    for (;;) {
      const auto words = line.next(input);
      if (!words) return log.push_back("broken"), false;
      if (words->said == RelayLine::Said::nothing) return true;
      log.push_back(std::to_string(static_cast<int>(words->said)) + std::string(words->data));
    }
  });
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  signalbox::fuzz::whole_and_in_pieces(data, size, said);
  return 0;
}
