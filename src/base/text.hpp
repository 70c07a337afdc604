#pragma once
#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox {

/// A text and its hash, for a text that is looked up more than once.
struct HashedText {
  explicit HashedText(std::string_view of) : text(of), hash(std::hash<std::string_view>{}(of)) {}
  friend bool operator==(const HashedText& a, std::string_view b) { return a.text == b; }

  std::string_view text;
  std::size_t hash;
};

/// For maps from text that are looked up by views, without a copy.
struct TextHash {
  using is_transparent = void;
  // Not noexcept: then the standard library keeps each hash beside its key, and a look-up reads no other keys.
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  std::size_t operator()(const HashedText& text) const { return text.hash; }
};

/// ASCII's capitals made small, and nothing else.
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}
constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// Without the blanks around it.
constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The parts between separators, trimmed; an empty text has none. Views into `text`.
inline std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  while (!trim(text).empty() || !out.empty()) {
    const std::size_t end = text.find(separator);
    out.push_back(trim(text.substr(0, end)));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace signalbox
