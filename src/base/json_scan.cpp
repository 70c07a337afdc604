#include "base/json_scan.hpp"

#include <algorithm>
#include <cstdint>

namespace signalbox {
namespace {

bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::optional<std::uint32_t> hex4(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text.substr(0, 4)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  return value;
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 63));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 63));
    put(0x80 | (point & 63));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 63));
    put(0x80 | (point >> 6 & 63));
    put(0x80 | (point & 63));
  }
}

/// Where the scalar, array or object at the front of `text` ends; 0: there is none.
std::size_t end_of_value(std::string_view text) {
  std::size_t depth = 0, at = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      if (depth <= 1) return depth == 0 ? at : at + 1;
      --depth;
    } else if (c == '"') {
      at = end_of_json_string(text, at + 1);
      if (depth == 0) return at;
      continue;
    } else if (depth == 0 && (c == ',' || c == ':' || blank(c))) {
      return at;
    }
    ++at;
  }
  return at;
}

/// The escape after a backslash at the front of `text`, which it takes.
bool take_escape(std::string_view& text, std::string& out) {
  static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
  if (text.empty()) return false;
  const char c = text.front();
  text.remove_prefix(1);
  if (const auto at = kFrom.find(c); at != std::string_view::npos) {
    out += kTo[at];
    return true;
  }
  auto point = c == 'u' ? hex4(text) : std::nullopt;
  if (!point) return false;
  text.remove_prefix(4);
  if (*point >= 0xD800 && *point < 0xDC00 && text.starts_with("\\u")) {
    const auto low = hex4(text.substr(2));
    if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
    text.remove_prefix(6);
    point = 0x10000 + ((*point - 0xD800) << 10) + (*low - 0xDC00);
  }
  append_utf8(out, *point);
  return true;
}

}  // namespace

JsonItems::JsonItems(std::string_view text) : text_(text) {
  skip_blanks();
  if (text_.empty() || (text_.front() != '[' && text_.front() != '{')) {
    text_ = {};
    return;
  }
  kind_ = text_.front();
  text_.remove_prefix(1);
  while (!text_.empty() && blank(text_.back())) text_.remove_suffix(1);
  if (!text_.empty()) text_.remove_suffix(1);  // the closing bracket
  skip_blanks();
}

void JsonItems::skip_blanks() {
  while (!text_.empty() && blank(text_.front())) text_.remove_prefix(1);
}

std::string_view JsonItems::take(std::size_t size) {
  const std::string_view taken = text_.substr(0, size);
  text_.remove_prefix(size);
  return taken;
}

std::optional<std::string_view> JsonItems::take_value() {
  skip_blanks();
  const std::string_view value = take(end_of_value(text_));
  skip_blanks();
  if (value.empty()) return std::nullopt;
  return value;
}

bool JsonItems::take_key() {
  skip_blanks();
  if (!text_.starts_with('"')) return false;
  key_ = take(end_of_json_string(text_, 1));
  skip_blanks();
  return take(std::min<std::size_t>(text_.size(), 1)) == ":";
}

std::optional<std::string_view> JsonItems::next() {
  if (text_.starts_with(',')) text_.remove_prefix(1);
  if (is_object() && !take_key()) return std::nullopt;
  return take_value();
}

bool JsonItems::named(std::string_view name) const {
  if (key_.contains('\\')) return key() == name;
  return key_.size() == name.size() + 2 && key_.substr(1, name.size()) == name;
}

std::string_view JsonItems::rest() const {
  std::string_view out = text_;
  while (!out.empty() && (blank(out.front()) || out.front() == ',')) out.remove_prefix(1);
  return out;
}

std::optional<std::string> json_string(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
  value = value.substr(1, value.size() - 2);
  if (!value.contains('\\')) return std::string(value);
  std::string out;
  while (!value.empty()) {
    const std::size_t plain = std::min(value.find('\\'), value.size());
    out.append(value.substr(0, plain));
    value.remove_prefix(plain);
    if (value.empty()) break;
    value.remove_prefix(1);
    if (!take_escape(value, out)) return std::nullopt;
  }
  return out;
}

std::string_view json_first(std::string_view array) {
  JsonItems items(array);
  return items.is_array() ? items.next().value_or(std::string_view{}) : std::string_view{};
}

std::optional<std::string_view> json_member(std::string_view object, std::string_view name) {
  JsonItems members(object);
  std::optional<std::string_view> found;
  while (const auto value = members.is_object() ? members.next() : std::nullopt) {
    if (members.named(name)) found = value;
  }
  return found;
}

std::string json_without(std::string_view object, std::string_view name) {
  std::string kept;
  kept.reserve(object.size());
  kept += '{';
  JsonItems members(object);
  while (const auto value = members.is_object() ? members.next() : std::nullopt) {
    if (members.named(name)) continue;
    if (kept.size() > 1) kept += ',';
    const char* const begin = members.raw_key().data();
    kept.append(begin, value->data() + value->size() - begin);  // key, colon and value as they stand
  }
  return kept += '}';
}

std::size_t end_of_json_string(std::string_view text, std::size_t at) {
  const std::size_t begin = at;
  while ((at = text.find('"', at)) != std::string_view::npos) {
    std::size_t backslashes = 0;
    while (at - backslashes > begin && text[at - backslashes - 1] == '\\') ++backslashes;
    ++at;
    if (backslashes % 2 == 0) return at;
  }
  return text.size();
}

bool json_is_integer(std::string_view value) {
  if (value.starts_with('-')) value.remove_prefix(1);
  if (value.empty() || (value.size() > 1 && value.front() == '0')) return false;
  return value.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace signalbox
