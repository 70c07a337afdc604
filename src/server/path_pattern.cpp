#include "server/path_pattern.hpp"

#include <utility>

#include "base/assert.hpp"
#include "base/percent.hpp"
#include "users/encode.hpp"

namespace signalbox::server {
namespace {

/// Takes the first segment away, with the slash before it.
std::string_view take_segment(std::string_view& path) {
  const std::string_view segment = path.substr(0, path.find('/', 1));
  path.remove_prefix(segment.size());
  return segment;
}

}  // namespace

std::optional<PathParts> match_path(std::string_view pattern, std::string_view path) {
  PathParts parts{};
  for (std::size_t found = 0; !pattern.empty() && !path.empty();) {
    const std::string_view wanted = take_segment(pattern), given = take_segment(path);
    if (!wanted.starts_with("/{")) {
      if (wanted != given) return std::nullopt;
      continue;
    }
    if (given.size() < 2 || given.front() != '/') return std::nullopt;
    SB_ASSERT(found < parts.size());
    parts[found++] = given.substr(1);
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return parts;
}

std::optional<std::string> decode_path(std::string_view encoded) {
  std::string out;
  return percent_decode(encoded, out, '+') ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::string> user_in(std::string_view encoded) {
  auto user = decode_path(encoded);
  return user && users::valid_user_id(*user) ? std::move(user) : std::nullopt;
}

}  // namespace signalbox::server
