#pragma once
#include <string>
#include <string_view>

#include "doctor/talk.hpp"

namespace app::doctor {

/// "https://app.example.com:8443/socket.io/" as where to ask. Without a path of its own it has `path`.
/// Throws std::invalid_argument with a sentence.
Address parse_url(std::string_view url, const std::string& path);

/// "https://app.example.com/jobs" -> "https://app.example.com", as browsers send it.
std::string origin_of(std::string_view page);

}  // namespace app::doctor
