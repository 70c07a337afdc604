#pragma once
#include <cstdint>
#include <string_view>

namespace signalbox::websocket {

/// Checks UTF-8 that comes in pieces. source  Unicode 15, table 3-7 (well-formed byte sequences).
class Utf8Validator {
 public:
  /// False as soon as the bytes so far cannot be the beginning of well-formed text; stays false.
  bool feed(std::string_view bytes);
  /// Does the text end here, and not inside a character?
  bool complete() const { return remaining_ == 0; }
  void reset() { *this = Utf8Validator{}; }

 private:
  bool step(unsigned char byte);

  std::uint8_t remaining_ = 0;  ///< continuation bytes still due
  std::uint8_t low_ = 0x80;     ///< the range of the next one
  std::uint8_t high_ = 0xBF;
};

}  // namespace signalbox::websocket
