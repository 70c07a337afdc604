#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace signalbox {

/// A quick look at JSON text as most of it is: ASCII without escapes, numbers without exponents, and not deep. How many
/// values its array or object has (0 of a scalar), if it is sure that the text is JSON, nested no deeper than
/// `max_depth`. Nothing: it may be JSON all the same, and a whole parser has to say. Pure.
std::optional<std::size_t> plain_json_items(std::string_view text, std::size_t max_depth);

}  // namespace signalbox
