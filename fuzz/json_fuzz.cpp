// JSON text of a stranger: our judgement must be that of another parser, and slices of what we take must be JSON again.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/json_check.hpp"
#include "base/json_plain.hpp"
#include "base/json_scan.hpp"
#include "base/json_write.hpp"

namespace {

constexpr std::size_t kDepth = 64;

void require(bool holds) {
  if (!holds) std::abort();
}

/// nlohmann skips a byte order mark and stops at a NUL; a browser does neither.
bool other_judge(std::string_view text) {
  return !text.starts_with("\xEF\xBB\xBF") && !text.contains('\0') && nlohmann::json::accept(text);
}

void plain_is_json(std::string_view text) {
  const auto items = signalbox::plain_json_items(text, kDepth);
  if (!items) return;
  require(other_judge(text));
  std::size_t walked = 0;
  for (signalbox::JsonItems all(text); all.next();) ++walked;
  require(*items == walked);
}

void slices_are_json(std::string_view text) {
  signalbox::JsonItems items(text);
  std::string again(1, items.is_object() ? '{' : '[');
  while (const auto value = items.next()) {
    require(signalbox::valid_json(*value, kDepth));
    if (again.size() > 1) again += ',';
    if (items.is_object()) {
      signalbox::append_json_string(again, items.key());
      again += ':';
    }
    again += *value;
  }
  again += items.is_object() ? '}' : ']';
  if (items.is_object() || items.is_array()) require(nlohmann::json::parse(again) == nlohmann::json::parse(text));
}

void cuts_are_json(std::string_view text) {
  signalbox::JsonItems names(text);
  while (names.is_object() && names.next()) {
    const auto [member, rest] = signalbox::json_cut(text, names.key());
    auto whole = nlohmann::json::parse(text);
    require(member && nlohmann::json::parse(*member) == whole.at(names.key()));
    whole.erase(names.key());
    require(signalbox::valid_json(rest, kDepth) && nlohmann::json::parse(rest) == whole);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto copy = std::make_unique<char[]>(size);  // exact size: one byte too far is seen
  std::copy(data, data + size, copy.get());
  const std::string_view text(copy.get(), size);
  plain_is_json(text);
  const bool valid = signalbox::valid_json(text, kDepth);
  if (valid) {
    require(other_judge(text));
    slices_are_json(text);
    cuts_are_json(text);
  } else if (other_judge(text)) {
    require(signalbox::valid_json(text, size + 1));  // refused for its depth alone
  }
  std::string written;
  signalbox::append_json_string(written, text);
  require(signalbox::valid_json(written, 1) && signalbox::json_string(written).has_value());
  signalbox::JsonItems any(text);  // safe on what is not JSON
  while (any.next()) {
  }
  return 0;
}
