#pragma once
#include <string>
#include <string_view>

namespace signalbox {

/// Appends text without its percent-encoding. `plus` is what a '+' stands for: a blank in a query string, itself
/// elsewhere. False: a '%' is not followed by two hexadecimal digits, and what was appended is of no use.
bool percent_decode(std::string_view text, std::string& out, char plus = ' ');

}  // namespace signalbox
