#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace signalbox {

/// What stands where bytes were no character: U+FFFD.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Is this whole text well-formed UTF-8?
bool valid_utf8(std::string_view text) noexcept;
/// The length of the well-formed sequence at `at`, 0 if it is none. source  Unicode 15, table 3-7.
std::size_t utf8_length(std::string_view text, std::size_t at);
/// The same text, with each byte replaced that is no part of a character.
std::string made_valid_utf8(std::string_view text);

}  // namespace signalbox
