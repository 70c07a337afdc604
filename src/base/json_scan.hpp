#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <signalbox/json_text.hpp>

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
  /// Does another value follow?
  bool more();
  /// The items of the value that follows, which may be walked through before its end is known; none if it is no list.
  /// next() would look for its end first.
  JsonItems enter() const;
  /// Goes on behind the value that was entered, of which next() has given all.
  void leave(const JsonItems& entered);
  std::string key() const { return json_string(key_).value_or(""); }
  std::string_view raw_key() const { return key_; }  ///< as it stands, quotes included
  /// Is that the member's name? Compares without a copy, unless something in it is escaped.
  bool named(std::string_view name) const {
    if (key_escaped_) return key() == name;
    return key_.size() == name.size() + 2 && key_.substr(1, name.size()) == name;
  }
  /// The text that has not been taken yet, up to the closing bracket: for an array, the values after the last one, with
  /// commas.
  std::string_view rest() const;

 private:
  JsonItems() = default;
  const char* take_key(const char* at);

  const char* at_ = nullptr;
  const char* end_ = nullptr;  ///< where the last value ends
  std::string_view key_;
  bool key_escaped_ = false;
  char kind_ = 0;
};

/// The text of a JSON string, as json_string() has it: a view of the value, or of `undone` if it has escapes.
std::optional<std::string_view> json_string_view(std::string_view value, std::string& undone);

/// Is this value an integer as JSON writes one (no fraction, no exponent)?
bool json_is_integer(std::string_view value);

}  // namespace signalbox
