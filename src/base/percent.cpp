#include "base/percent.hpp"

#include <algorithm>

namespace signalbox {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool percent_decode(std::string_view text, std::string& out, char plus) {
  while (true) {
    const auto at = std::ranges::find_if(text, [](char c) { return c == '%' || c == '+'; });
    out.append(text.begin(), at);
    text = {at, text.end()};
    if (text.empty()) return true;
    if (text[0] == '+') {
      out += plus;
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 3 || hex(text[1]) < 0 || hex(text[2]) < 0) return false;
    out += static_cast<char>(hex(text[1]) * 16 + hex(text[2]));
    text.remove_prefix(3);
  }
}

}  // namespace signalbox
