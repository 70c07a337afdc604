#include "queue/lenient_json.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/json_bytes.hpp"
#include "base/json_check.hpp"

namespace signalbox::queue {
namespace {

constexpr std::size_t kEscapeBytes = 6;  // \ud83d

/// Does an escaped surrogate begin `text`, whose second digit is one of these?
bool begins_with_surrogate(std::string_view text, std::string_view digits) {
  return text.size() >= kEscapeBytes && text.starts_with("\\u") && (text[2] | 0x20) == 'd' && digits.contains(text[3]);
}

void append_string(std::string& out, std::string_view string) {
  constexpr std::string_view kHigh = "89abAB", kLow = "cdefCDEF";
  while (!string.empty()) {
    const std::size_t plain = std::min(string.find('\\'), string.size());
    out += string.substr(0, plain);
    string.remove_prefix(plain);
    const bool high = begins_with_surrogate(string, kHigh);
    const bool pair = high && begins_with_surrogate(string.substr(kEscapeBytes), kLow);
    const bool half = !pair && (high || begins_with_surrogate(string, kLow));
    const std::size_t size = std::min<std::size_t>(pair ? 2 * kEscapeBytes : half ? kEscapeBytes : 2, string.size());
    out += half ? "\\ufffd" : string.substr(0, size);
    string.remove_prefix(size);
  }
}

/// The same, without what no other reader takes.
std::string as_all_have_it(std::string_view text) {
  constexpr std::array<std::string_view, 3> kWords{"NaN", "Infinity", "-Infinity"};
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text.front() == '"') {
      const char* const end = end_of_json_string(text.data() + 1, text.data() + text.size());
      append_string(out, {text.data(), end});
      text = {end, text.data() + text.size()};
    } else if (const auto* word = std::ranges::find_if(kWords, [&](auto one) { return text.starts_with(one); });
               word != kWords.end()) {
      out += "null";
      text.remove_prefix(word->size());
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace

std::optional<JsonText> check_lenient_json(std::string_view text, std::size_t max_depth) {
  if (const auto checked = check_json(text, max_depth)) return JsonText(*checked);
  std::string mended = as_all_have_it(text);
  const auto checked = check_json(mended, max_depth);
  if (!checked) return std::nullopt;
  return CheckedJson::part(*checked, std::move(mended));
}

}  // namespace signalbox::queue
