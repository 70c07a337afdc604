#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace signalbox {

/// Undoes percent-encoding and '+' as a query string has them; nothing if a '%' is not followed by two hexadecimal
/// digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace signalbox
