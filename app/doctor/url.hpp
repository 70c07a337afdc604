#pragma once
#include <string>
#include <string_view>

#include "doctor/talk.hpp"

namespace app::doctor {

/// "https://app.example.com:8443/socket.io/" as where to ask. Without a path of its own it has `path`.
/// Throws std::invalid_argument with a sentence.
Address parse_url(std::string_view url, const std::string& path);

/// "https://App.example.com:443/jobs" -> "https://app.example.com", as browsers send it; nothing of nothing.
/// Throws std::invalid_argument with a sentence.
std::string origin_of_page(std::string_view page);
/// The origin of the pages at this place.
std::string origin_of(const Place& place);

/// May a page over https ask this host without TLS? source  W3C Secure Contexts §3.1.
bool is_local_name(std::string_view host);

}  // namespace app::doctor
