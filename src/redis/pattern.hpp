#pragma once
#include <string>
#include <string_view>

namespace signalbox::redis {

/// A pattern, of channels or keys, that means this one alone.
inline std::string literal_pattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (std::string_view(R"(*?[]\)").contains(c)) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace signalbox::redis
