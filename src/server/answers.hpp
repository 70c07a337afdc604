#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "net/application.hpp"

namespace signalbox::server {

/// An answer of ours that is not a page: JSON, not to be cached, not to be taken for anything else.
net::Response json_response(int status, std::string body);
/// {"error": a sentence for people}; `index`: of the event in an array whose fault it is.
net::Response error_response(int status, std::string_view sentence, std::optional<std::size_t> index = std::nullopt);
/// 405; `allow` lists the methods that the address takes.
net::Response method_not_allowed(std::string_view allow);
/// 404.
net::Response nothing_here();
/// 415.
net::Response not_json();
/// Does a request say of its body "application/json", with or without parameters?
bool sends_json(const net::RequestHead& head);

}  // namespace signalbox::server
