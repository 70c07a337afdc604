#include "base/json_plain.hpp"

#include <algorithm>

#include "base/json_bytes.hpp"

namespace signalbox {
namespace {

// Each function below takes what begins at `at` and returns where it ends, or null if it is not plain.

constexpr std::size_t kDeepest = 16;     ///< each level is a call
constexpr std::ptrdiff_t kLongest = 64;  ///< digits of a number: shorter ones are within any browser's range

const char* take_byte(const char* at, const char* end, char wanted) {
  return at < end && *at == wanted ? at + 1 : nullptr;
}

const char* take_string(const char* at, const char* end) {
  at = take_byte(at, end, '"');
  return at ? take_byte(find_unplain(at, end), end, '"') : nullptr;
}

const char* take_number(const char* const begin, const char* end) {
  const char* const whole = begin + (*begin == '-' ? 1 : 0);
  const char* at = skip_digits(whole, end);
  if (at == whole || (*whole == '0' && at - whole > 1)) return nullptr;
  if (at < end && *at == '.') {
    const char* const fraction = at + 1;
    at = skip_digits(fraction, end);
    if (at == fraction) return nullptr;
  }
  return at - begin <= kLongest ? at : nullptr;
}

const char* take_word(const char* at, const char* end, std::string_view word) {
  return std::string_view(at, end).starts_with(word) ? at + word.size() : nullptr;
}

const char* take_value(const char* at, const char* end, std::size_t max_depth, std::size_t& items);

/// `items`: how many it has.
const char* take_list(const char* at, const char* end, std::size_t max_depth, std::size_t& items) {
  if (max_depth == 0) return nullptr;
  const bool object = *at == '{';
  const char close = object ? '}' : ']';
  at = skip_blanks(at + 1, end);
  if (at < end && *at == close) return at + 1;
  for (std::size_t of_item = 0;; at = skip_blanks(at, end)) {
    if (object) {
      at = take_string(at, end);
      if (at) at = take_byte(skip_blanks(at, end), end, ':');
      if (!at) return nullptr;
      at = skip_blanks(at, end);
    }
    at = take_value(at, end, max_depth - 1, of_item);
    if (!at) return nullptr;
    ++items;
    at = skip_blanks(at, end);
    if (at == end) return nullptr;
    const char behind = *at++;
    if (behind == close) return at;
    if (behind != ',') return nullptr;
  }
}

const char* take_value(const char* at, const char* end, std::size_t max_depth, std::size_t& items) {
  if (at == end) return nullptr;
  switch (*at) {
    case '"':
      return take_string(at, end);
    case '{':
    case '[':
      return take_list(at, end, max_depth, items);
    case 't':
      return take_word(at, end, "true");
    case 'f':
      return take_word(at, end, "false");
    case 'n':
      return take_word(at, end, "null");
    default:
      return take_number(at, end);
  }
}

}  // namespace

std::optional<std::size_t> plain_json_items(std::string_view text, std::size_t max_depth) {
  const char* const end = text.data() + text.size();
  std::size_t items = 0;
  const char* const at = take_value(skip_blanks(text.data(), end), end, std::min(max_depth, kDeepest), items);
  return at && skip_blanks(at, end) == end ? std::optional(items) : std::nullopt;
}

}  // namespace signalbox
