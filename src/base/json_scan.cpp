#include "base/json_scan.hpp"

#include <array>
#include <cstdint>
#include <utility>

#include "base/json_bytes.hpp"
#include "base/json_check.hpp"

namespace signalbox {
namespace {

/// The four digits at `at`.
std::optional<std::uint32_t> hex4(const char* at, const char* end) {
  if (end - at < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : std::string_view(at, 4)) {
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

/// The bytes of numbers and of true, false and null.
constexpr auto kScalarBytes = [] {
  std::array<bool, 256> bytes{};
  for (const char c : std::string_view("+-.0123456789Eaeflnrstu")) bytes[static_cast<unsigned char>(c)] = true;
  return bytes;
}();

/// Where the array or object ends that begins at `at`.
const char* end_of_list(const char* at, const char* end) {
  std::size_t depth = 0;
  while (at < end) {
    const char c = *at++;
    if (c != '"' && c < '[') continue;  // what stands between strings and brackets, and most of a number
    if (c == '"') {
      at = end_of_json_string(at, end);
    } else if ((c | 0x20) == '{') {  // '[' too
      ++depth;
    } else if ((c | 0x20) == '}' && --depth == 0) {
      break;
    }
  }
  return at;
}

/// Where the value ends that begins at `at`; `at` itself: there is none.
const char* end_of_value(const char* at, const char* end) {
  if (at == end) return at;
  if (*at == '"') return end_of_json_string(at + 1, end);
  if ((*at | 0x20) == '{') return end_of_list(at, end);
  at = skip_digits(at, end);  // numbers may be long
  while (at < end && kScalarBytes[static_cast<unsigned char>(*at)]) ++at;
  return at;
}

/// Where the blanks begin that stand before `end`.
const char* skip_blanks_behind(const char* begin, const char* end) {
  while (end > begin && is_json_blank(end[-1])) --end;
  return end;
}

/// Takes an escape, whose backslash stands before `at`, and with a high surrogate the low one: the character that it
/// means, or nothing if it means none.
std::optional<std::uint32_t> take_escape(const char*& at, const char* end) {
  static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
  if (at == end) return std::nullopt;
  const char c = *at++;
  if (const auto simple = kFrom.find(c); simple != std::string_view::npos) return kTo[simple];
  auto point = c == 'u' ? hex4(at, end) : std::nullopt;
  if (!point) return std::nullopt;
  at += 4;
  const bool high = *point >= 0xD800 && *point < 0xDC00, low = *point >= 0xDC00 && *point < 0xE000;
  if (low) return std::nullopt;
  if (!high) return point;
  if (end - at < 2 || at[0] != '\\' || at[1] != 'u') return std::nullopt;
  const auto second = hex4(at + 2, end);
  if (!second || *second < 0xDC00 || *second >= 0xE000) return std::nullopt;
  at += 6;
  return 0x10000 + ((*point - 0xD800) << 10) + (*second - 0xDC00);
}

/// Can another member of that name follow the first? Not without its letters, or an escape that stands for one.
class LookAhead {
 public:
  explicit LookAhead(std::string_view name) : name_(name) {}
  /// `rest`: what follows a member of that name. Looked at once: a client may send a thousand of one name.
  bool may_follow(std::string_view rest) {
    return std::exchange(looked_, true) || rest.contains(name_) || rest.contains('\\');
  }

 private:
  std::string_view name_;
  bool looked_ = false;
};

}  // namespace

JsonItems::JsonItems(std::string_view text) {
  const char* const end = text.data() + text.size();
  const char* at = skip_blanks(text.data(), end);
  if (at == end || (*at | 0x20) != '{') return;
  kind_ = *at++;
  at_ = at;
  end_ = skip_blanks_behind(at, end);
  if (end_ > at) end_ = skip_blanks_behind(at, end_ - 1);  // without the closing bracket
}

/// Takes a member's name and the colon behind it; returns where its value begins, or null if there is none.
inline const char* JsonItems::take_key(const char* at) {
  at = skip_blanks(at, end_);
  if (at == end_ || *at != '"') return nullptr;
  const char* end = find_quote(at + 1, end_);
  key_escaped_ = end < end_ && *end == '\\';
  end = key_escaped_ ? end_of_json_string(end, end_) : end + (end < end_);
  key_ = {at, end};
  at = skip_blanks(end, end_);
  return at < end_ && *at == ':' ? at + 1 : nullptr;
}

std::optional<std::string_view> JsonItems::next() {
  const char* at = skip_blanks(at_, end_);
  if (at < end_ && *at == ',') ++at;
  if (is_object()) at = take_key(at);
  if (!at) return std::nullopt;
  const char* const begin = skip_blanks(at, end_);
  at_ = end_of_value(begin, end_);
  if (at_ == begin) return std::nullopt;
  return std::string_view(begin, at_);
}

bool JsonItems::more() {
  at_ = skip_blanks(at_, end_);
  if (at_ < end_ && *at_ == ',') at_ = skip_blanks(at_ + 1, end_);
  return at_ != end_;
}

JsonItems JsonItems::enter() const {
  JsonItems items;
  if (at_ == end_ || (*at_ | 0x20) != '{') return items;
  items.kind_ = *at_;
  items.at_ = at_ + 1;
  items.end_ = end_;
  return items;
}

void JsonItems::leave(const JsonItems& entered) {
  at_ = skip_blanks(entered.at_, end_);
  if (at_ != end_) ++at_;  // the closing bracket
}

std::string_view JsonItems::rest() const {
  const char* at = at_;
  while (at < end_ && (is_json_blank(*at) || *at == ',')) ++at;
  return {at, end_};
}

std::optional<std::string_view> json_string_view(std::string_view value, std::string& undone) {
  if (value.size() < 2 || value.front() != '"') return std::nullopt;
  const std::string_view inside = value.substr(1, value.size() - 2);
  if (value.back() == '"' && !inside.contains('\\')) return inside;
  auto text = json_string(value);
  if (!text) return std::nullopt;
  return undone = *std::move(text);
}

std::optional<std::string> json_string(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
  value = value.substr(1, value.size() - 2);
  std::size_t plain = value.find('\\');
  std::string out(value.substr(0, plain));
  while (plain != std::string_view::npos) {
    const char *at = value.data() + plain + 1, *const end = value.data() + value.size();
    const auto point = take_escape(at, end);
    if (!point) return std::nullopt;
    append_utf8(out, *point);
    value = {at, end};
    plain = value.find('\\');
    out.append(value, 0, plain);
  }
  return out;
}

JsonView json_first(const JsonView& array) {
  JsonItems items(array);
  if (!items.is_array()) return {};
  return CheckedJson::part(array, CheckedJson::has_one(array) ? items.rest() : items.next().value_or(""));
}

std::optional<JsonView> json_member(const JsonView& object, std::string_view name) {
  JsonItems members(object);
  std::optional<JsonView> found;
  LookAhead ahead(name);
  while (const auto value = members.is_object() ? members.next() : std::nullopt) {
    if (!members.named(name)) continue;
    found = CheckedJson::part(object, *value);
    if (!ahead.may_follow(members.rest())) break;
  }
  return found;
}

JsonText json_without(const JsonView& object, std::string_view name) {
  return json_cut(object, name).rest;
}

JsonCut json_cut(const JsonView& object, std::string_view name) {
  std::optional<JsonView> member;
  std::string rest;
  rest.reserve(object.size() + 2);
  rest += '{';
  const char *begin = nullptr, *end = nullptr;  // of members beside each other that stay, as they stand
  const auto keep = [&] {
    if (!begin) return;
    if (rest.size() > 1) rest += ',';
    rest.append(std::exchange(begin, nullptr), end);
  };
  JsonItems members(object);
  LookAhead ahead(name);
  while (const auto value = members.is_object() ? members.next() : std::nullopt) {
    if (!members.named(name)) {
      if (!begin) begin = members.raw_key().data();
      end = value->end();
      continue;
    }
    member = CheckedJson::part(object, *value);
    keep();
    const std::string_view others = members.rest();
    if (ahead.may_follow(others)) continue;
    if (!others.empty()) {
      begin = others.data();
      end = begin + others.size();
    }
    break;
  }
  keep();
  return {.member = member, .rest = CheckedJson::part(object, std::move(rest += '}'))};
}

bool json_is_integer(std::string_view value) {
  if (value.starts_with('-')) value.remove_prefix(1);
  if (value.empty() || (value.size() > 1 && value.front() == '0')) return false;
  return value.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace signalbox
