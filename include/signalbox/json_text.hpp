#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace signalbox {

// Slices of JSON text, for handlers that pass it on as it came (EventRegistry::on_text, emit_to_user_json) and need no
// values of it. The text is valid JSON, as Arguments::text always is; on other text they are safe and find nothing.

/// The first value of an array, its own bytes; empty if there is none.
std::string_view json_first(std::string_view array);
/// The value of an object's member, its own bytes; of several of that name the last, as JSON.parse has it.
std::optional<std::string_view> json_member(std::string_view object, std::string_view name);
/// The object without that member.
std::string json_without(std::string_view object, std::string_view name);
/// The text of a JSON string, escapes undone; nothing if it is not a string.
std::optional<std::string> json_string(std::string_view value);

}  // namespace signalbox
