#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include <signalbox/json.hpp>

namespace signalbox {

class JsonMember;
/// An object's members in braces, as `json` takes them: {{"jobId", id}, {"size", {{"width", 2}, {"height", 3}}}}.
using JsonMembers = std::initializer_list<JsonMember>;

template <class T>
concept JsonMemberText = std::same_as<T, std::string> || std::same_as<T, std::string_view> ||
                         std::same_as<std::decay_t<const T&>, const char*> || std::same_as<T, char*>;
template <class T>
concept JsonMemberNumber = std::is_arithmetic_v<T> && !std::is_volatile_v<T>;
template <class T>
concept JsonMemberValue =
    JsonMemberText<T> || JsonMemberNumber<T> || std::same_as<T, std::nullptr_t> || std::same_as<T, json>;

/// A name and its value, written without a `json` made of them. Braces become one wherever JsonMembers are taken. Other
/// braces and values of other types are no member: a function that takes a `json` as well is then called with that.
///
/// lifetime  views of the name and of the value, which live until the end of the whole call: not to be kept.
class JsonMember {
 public:
  /// No members at all are null, as they are for `json`.
  using Value = std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string_view, const json*,
                             JsonMembers>;

  // Braces are never taken for a T: {"a", {1}} has an array in it, and is no member.
  template <JsonMemberText Name, JsonMemberValue T>
  JsonMember(const Name& name, const T& value) : name_(text(name)), value_(taken(value)) {}
  template <JsonMemberText Name>
  JsonMember(const Name& name, JsonMembers members) : name_(text(name)), value_(members) {}
  JsonMember(const JsonMember&) = delete;
  JsonMember& operator=(const JsonMember&) = delete;

  std::string_view name() const { return name_; }
  const Value& value() const { return value_; }

 private:
  template <class T>
  static std::string_view text(const T& text) {
    if constexpr (std::is_pointer_v<T>) {
      if (text == nullptr) throw std::invalid_argument("A name or a text of JSON is a null pointer.");
    }
    return text;
  }

  template <class T>
  static Value taken(const T& value) {
    if constexpr (std::same_as<T, json>) {
      return &value;
    } else if constexpr (JsonMemberText<T>) {
      return text(value);
    } else if constexpr (std::same_as<T, bool> || std::same_as<T, std::nullptr_t>) {
      return value;
    } else if constexpr (std::floating_point<T>) {
      return static_cast<double>(value);
    } else if constexpr (std::is_signed_v<T>) {
      return static_cast<std::int64_t>(value);
    } else {
      return static_cast<std::uint64_t>(value);
    }
  }

  std::string_view name_;
  Value value_;
};

}  // namespace signalbox
