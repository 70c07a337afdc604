#include "base/dotenv.hpp"

#include <optional>

#include "base/text.hpp"

namespace signalbox {
namespace {

using Value = std::expected<std::string, std::string_view>;

bool name_char(char c, bool first) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  return letter || (!first && c >= '0' && c <= '9');
}

std::string_view take_name(std::string_view& line) {
  std::size_t size = 0;
  while (size < line.size() && name_char(line[size], size == 0)) ++size;
  const std::string_view name = line.substr(0, size);
  line.remove_prefix(size);
  return name;
}

std::optional<char> unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '"':
    case '\\':
    case '$':
      return c;
    default:
      return std::nullopt;
  }
}

/// What stands between quotes; `line` begins with the quote.
Value quoted_value(std::string_view line) {
  const char quote = line.front();
  line.remove_prefix(1);
  std::string out;
  while (!line.empty() && line.front() != quote) {
    char c = line.front();
    line.remove_prefix(1);
    if (quote == '"' && c == '\\') {
      const auto escaped = line.empty() ? std::nullopt : unescaped(line.front());
      if (!escaped) return std::unexpected("unknown escape in double quotes");
      line.remove_prefix(1);
      c = *escaped;
    }
    out += c;
  }
  if (line.empty()) return std::unexpected("the closing quote is missing on this line");
  const std::string_view rest = trim(line.substr(1));
  if (!rest.empty() && rest.front() != '#') return std::unexpected("text after the closing quote");
  return out;
}

/// `after` is everything behind the '='.
std::string plain_value(std::string_view after) {
  for (std::size_t i = 1; i < after.size(); ++i) {
    if (after[i] == '#' && is_blank(after[i - 1])) {
      after = after.substr(0, i);
      break;
    }
  }
  return std::string(trim(after));
}

std::expected<std::pair<std::string, std::string>, std::string_view> assignment(std::string_view line) {
  constexpr std::string_view kExport = "export";
  if (line.starts_with(kExport) && line.size() > kExport.size() && is_blank(line[kExport.size()])) {
    line = trim(line.substr(kExport.size()));
  }
  std::string name(take_name(line));
  line = trim(line);
  if (name.empty() || !line.starts_with('=')) return std::unexpected("not of the form NAME=value");
  line.remove_prefix(1);
  const std::string_view value = trim(line);
  if (!value.starts_with('"') && !value.starts_with('\'')) return std::pair(std::move(name), plain_value(line));
  auto inside = quoted_value(value);
  if (!inside) return std::unexpected(inside.error());
  return std::pair(std::move(name), *std::move(inside));
}

}  // namespace

std::expected<Variables, DotenvError> parse_dotenv(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Variables out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trim(line);
    if (line.empty() || line.front() == '#') continue;
    if (line.contains('\0')) return std::unexpected(DotenvError{number, "a NUL byte"});
    auto variable = assignment(line);
    if (!variable) return std::unexpected(DotenvError{number, variable.error()});
    out.push_back(*std::move(variable));
  }
  return out;
}

}  // namespace signalbox
