#pragma once
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signalbox {

/// Where a `.env` file cannot be read and why. Never holds a value, which may be a secret.
struct DotenvError {
  std::size_t line = 0;  ///< from 1
  std::string_view reason{};
  bool operator==(const DotenvError&) const = default;
};

using Variables = std::vector<std::pair<std::string, std::string>>;

/// The variables of a `.env` file, in order; a later one of the same name counts. Pure: text in, variables out.
///
/// A line is `NAME=value`, with `export` before it or not, a comment after `#`, or blank; lines end with LF or CRLF.
/// 'single quotes' keep everything as it is; "double quotes" know \n, \r, \t, \", \\ and \$. A value without quotes
/// ends before a `#` that has a blank before it. Nothing is expanded: `$` is a character.
std::expected<Variables, DotenvError> parse_dotenv(std::string_view text);

}  // namespace signalbox
