#pragma once
#include <cstddef>
#include <string>

#include <signalbox/json.hpp>

namespace signalbox {

/// Appends a value that a program built, as JSON.stringify prints it; NaN and the infinities are null, bytes that are
/// not UTF-8 become U+FFFD. False: it is nested deeper than `max_depth`, or is no value, and what was appended is of no
/// use.
bool append_json(std::string& out, const json& value, std::size_t max_depth);

}  // namespace signalbox
