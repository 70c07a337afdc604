#include "websocket/utf8.hpp"

#include <cstring>

namespace signalbox::websocket {
namespace {

bool eight_ascii(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return (word & 0x8080808080808080u) == 0;
}

}  // namespace

bool Utf8Validator::step(unsigned char byte) {
  if (remaining_ > 0) {
    if (byte < low_ || byte > high_) return false;
    --remaining_;
    low_ = 0x80;
    high_ = 0xBF;
    return true;
  }
  if (byte < 0x80) return true;
  if (byte >= 0xC2 && byte <= 0xDF) {
    remaining_ = 1;
  } else if (byte >= 0xE0 && byte <= 0xEF) {
    remaining_ = 2;
    if (byte == 0xE0) low_ = 0xA0;   // no overlong form
    if (byte == 0xED) high_ = 0x9F;  // no surrogate
  } else if (byte >= 0xF0 && byte <= 0xF4) {
    remaining_ = 3;
    if (byte == 0xF0) low_ = 0x90;
    if (byte == 0xF4) high_ = 0x8F;  // nothing beyond U+10FFFF
  } else {
    return false;
  }
  return true;
}

bool Utf8Validator::feed(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (remaining_ == 0 && bytes.size() - at >= 8 && eight_ascii(bytes.data() + at)) {
      at += 8;
    } else if (!step(static_cast<unsigned char>(bytes[at++]))) {
      remaining_ = 1;  // an impossible range: whatever follows fails as well
      low_ = 0xFF;
      high_ = 0x00;
      return false;
    }
  }
  return true;
}

}  // namespace signalbox::websocket
