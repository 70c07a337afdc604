#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace signalbox {

/// source  RFC 4648 §4, with padding.
std::string base64_encode(std::string_view bytes);
/// Nothing unless `text` is the canonical base64 of something: alphabet, padding and unused bits are all checked.
std::optional<std::string> base64_decode(std::string_view text);

/// source  RFC 4648 §5, without padding, as JSON Web Tokens have it.
std::string base64url_encode(std::string_view bytes);
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace signalbox
