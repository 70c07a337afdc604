#pragma once
#include <string>
#include <string_view>

namespace signalbox::cluster::test {

/// Hexadecimal digits as the bytes that they stand for; blanks are for the reader.
inline std::string bytes(std::string_view digits) {
  std::string out, pair;
  for (const char c : digits) {
    if (c == ' ' || c == '\n') continue;
    pair += c;
    if (pair.size() < 2) continue;
    out += static_cast<char>(std::stoi(pair, nullptr, 16));
    pair.clear();
  }
  return out;
}

}  // namespace signalbox::cluster::test
