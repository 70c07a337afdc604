#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace signalbox {

// Slices of JSON text that valid_json() has accepted: no copy, no number reformatted. On other text they are safe and
// find nothing.

/// The values of an array, one after the other, or the members of an object.
class JsonItems {
 public:
  /// `text` begins with '[' or '{'; anything else has no items.
  explicit JsonItems(std::string_view text);
  bool is_array() const { return kind_ == '['; }
  bool is_object() const { return kind_ == '{'; }
  /// The next value's own bytes; nothing at the end. For an object key() then has the member's name.
  std::optional<std::string_view> next();
  const std::string& key() const { return key_; }
  /// What has not been taken yet, as it stands before the closing bracket: for an array, the values after the last one,
  /// with commas.
  std::string_view rest() const;

 private:
  void skip_blanks();
  std::optional<std::string_view> take_value();

  std::string_view text_;
  std::string key_;
  char kind_ = 0;
};

/// The text of a JSON string, escapes undone; nothing if it is not a string.
std::optional<std::string> json_string(std::string_view value);
/// Is this value an integer as JSON writes one (no fraction, no exponent)?
bool json_is_integer(std::string_view value);

}  // namespace signalbox
