#pragma once
#include <string>
#include <string_view>

namespace signalbox {

/// Appends text without the percent-encoding and '+' of a query string. False: a '%' is not followed by two hexadecimal
/// digits, and what was appended is of no use.
bool percent_decode(std::string_view text, std::string& out);

}  // namespace signalbox
