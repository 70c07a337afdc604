#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::server {

/// What a path has in place of a pattern's names, still encoded.
using PathParts = std::array<std::string_view, 2>;

/// Does the path fit the pattern? "/api/users/{user}/jobs" has a name where any one segment stands that is not empty;
/// two names at most.
std::optional<PathParts> match_path(std::string_view pattern, std::string_view path);
/// Such a part, decoded. In a path, unlike in a query, a plus is a plus.
std::optional<std::string> decode_path(std::string_view encoded);
/// The same of a user's id; nothing: it can be nobody's.
std::optional<std::string> user_in(std::string_view encoded);

}  // namespace signalbox::server
