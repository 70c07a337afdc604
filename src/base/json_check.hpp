#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <signalbox/json_text.hpp>

namespace signalbox {

/// The same text, from now on known to be one JSON value that JSON.parse in a browser takes and reads as it was meant.
/// Nothing for numbers beyond its range (1e400), lone surrogates, bytes that are not UTF-8, and nesting deeper than
/// `max_depth`; integers of any length are taken. What is known already is not checked again.
///
/// thread  any. source  RFC 8259.
std::optional<JsonView> check_json(const JsonView& text, std::size_t max_depth);
inline bool valid_json(const JsonView& text, std::size_t max_depth) {
  return check_json(text, max_depth).has_value();
}

/// The only place that marks text as checked.
class CheckedJson {
 public:
  /// Marks `part`, which is a value within the checked `whole`, or made of its values and nested no deeper.
  static JsonView part(const JsonView& whole, std::string_view part) { return {part, whole.depth_}; }
  static JsonText part(const JsonView& whole, std::string part) { return {std::move(part), whole.depth_}; }
  /// Marks `part`, which stands within so many levels of the checked `whole`.
  static JsonText inner_part(const JsonView& whole, std::string part, std::size_t levels) {
    return {std::move(part), whole.depth_ - levels};
  }
  /// Marks `array`, which has the values of the checked array `whole` without the first.
  static JsonText behind_first(const JsonView& whole, std::string array) {
    return {std::move(array), whole.depth_, whole.items_ == 0 ? 0 : whole.items_ - 1};
  }
  /// Has its array or object been counted to have one value?
  static bool has_one(const JsonView& list) { return list.items_ == 1; }

 private:
  friend std::optional<JsonView> check_json(const JsonView& text, std::size_t max_depth);
  static bool known(const JsonView& text, std::size_t max_depth) {
    return text.depth_ <= max_depth && !text.empty();  // empty: it was moved away, or the part that was not found
  }
  static JsonView checked(const JsonView& text, std::size_t max_depth, std::size_t items) {
    return {text, max_depth, items};
  }
};

}  // namespace signalbox
