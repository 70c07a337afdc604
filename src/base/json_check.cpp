#include "base/json_check.hpp"

#include <simdjson.h>

#include <cmath>
#include <cstdint>
#include <memory>

#include "base/json_bytes.hpp"
#include "base/json_listener.hpp"
#include "base/json_plain.hpp"

namespace signalbox {
namespace {

constexpr std::size_t kKeptBytes = 256 * 1024;  ///< a parser that grew beyond this is not kept for the thread
constexpr std::size_t kShort = 16 * 1024;       ///< longer text simdjson checks faster, by many bytes at a time

/// How many brackets open in it, those in strings included.
std::size_t opening_brackets(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::string_view block = text.substr(0, 128);
    std::uint8_t in_block = 0;  // a byte, so that the compiler counts sixteen at once
    for (const char c : block) in_block = static_cast<std::uint8_t>(in_block + ((c | 0x20) == '{'));
    count += in_block;
    text.remove_prefix(block.size());
  }
  return count;
}

bool depth_within(std::string_view text, std::size_t max_depth) {
  if (text.size() <= 2 * max_depth || opening_brackets(text) <= max_depth) return true;  // deeper JSON is longer
  std::size_t depth = 0;
  for (const char *at = text.data(), *const end = at + text.size(); at < end;) {
    const char c = *at++;
    if (c == '"') {
      at = end_of_json_string(at, end);
    } else if (c == '[' || c == '{') {
      if (++depth > max_depth) return false;
    } else if (c == ']' || c == '}') {
      if (depth-- == 0) return false;
    }
  }
  return true;
}

/// A number of twenty digits or more can cost simdjson ten microseconds, where it lies close to the middle between two
/// doubles. Are there more of them than anybody needs? Digits in strings count as well.
bool has_many_long_numbers(std::string_view text) {
  constexpr std::size_t kLong = 20, kMany = 20;
  const auto in_number = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  std::size_t many = 0;
  for (std::size_t at = kLong - 1; at < text.size(); at += kLong) {  // no long one stands between two of these
    if (!in_number(text[at])) continue;
    std::size_t begin = at;
    while (begin != 0 && in_number(text[begin - 1])) --begin;
    while (at != text.size() && in_number(text[at])) ++at;
    if (at - begin >= kLong && ++many > kMany) return true;
  }
  return false;
}

/// By a parser that reads any number quickly, and is slower at everything else. It takes a NUL byte for the end of the
/// text and passes over a byte order mark before it: no JSON has either.
bool is_json_of_long_numbers(std::string_view text) {
  struct Judge : JsonListener {
    bool number_float(number_float_t value, const string_t&) override { return std::isfinite(value); }
  } judge;
  return !text.contains('\0') && !text.starts_with('\xef') && nlohmann::json::sax_parse(text, &judge);
}

bool is_json(std::string_view text, std::size_t max_depth) {
  thread_local std::unique_ptr<simdjson::dom::parser> parser;
  if (!depth_within(text, max_depth)) return false;
  if (has_many_long_numbers(text)) return is_json_of_long_numbers(text);
  if (!parser) parser = std::make_unique<simdjson::dom::parser>();
  if (parser->max_depth() < max_depth + 1 && parser->allocate(4096, max_depth + 1) != simdjson::SUCCESS) return false;
  const auto error = parser->parse(text.data(), text.size(), true).error();
  if (parser->capacity() > kKeptBytes) parser.reset();
  if (error == simdjson::SUCCESS) return true;
  // simdjson 3.0 refuses integers beyond 64 bits, which JSON.stringify(1e20) prints.
  return error == simdjson::NUMBER_ERROR && is_json_of_long_numbers(text);
}

}  // namespace

std::optional<JsonView> check_json(const JsonView& text, std::size_t max_depth) {
  if (CheckedJson::known(text, max_depth)) return text;
  const auto items = text.size() <= kShort ? plain_json_items(text, max_depth) : std::nullopt;
  if (!items && !is_json(text, max_depth)) return std::nullopt;
  return CheckedJson::checked(text, max_depth, items.value_or(0));
}

}  // namespace signalbox
