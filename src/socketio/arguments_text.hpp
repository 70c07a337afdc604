#pragma once
#include <cstddef>
#include <string_view>

#include <signalbox/json_text.hpp>

#include "base/json_check.hpp"
#include "base/json_scan.hpp"

namespace signalbox::socketio {

// The arguments of an event as one text: a JSON array.

/// `depth` is of each argument.
inline bool is_arguments(const JsonView& array, std::size_t depth) {
  return JsonItems(array).is_array() && valid_json(array, depth + 1);
}

/// "[1,2]" -> "1,2"
inline std::string_view without_brackets(std::string_view array) {
  return JsonItems(array).rest();
}

}  // namespace signalbox::socketio
