#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "net/application.hpp"

// What a request by ADMIN_PORT says of where it comes from.
namespace signalbox::server::admin {

/// Is it loopback alone, as ADMIN_HOST or in a Host field (with or without a port): localhost, 127.0.0.1, [::1] …?
bool is_loopback(std::string_view host);
/// Has it one Host field, and is that loopback? Else a page has had its own name point here (DNS rebinding).
bool host_is_loopback(const net::RequestHead& head);
/// Does a page of another site ask, as far as its browser says?
bool is_cross_site(const net::RequestHead& head);
/// The name of the cookie at this host: cookies do not tell ports apart, so the name does.
std::string cookie_name(const net::RequestHead& head);
/// The values of that cookie. Others on this host can set one of the same name, and theirs may stand first.
std::vector<std::string_view> cookies(const net::RequestHead& head, std::string_view name);
/// The field Set-Cookie; an empty value takes the cookie away.
std::string set_cookie(const net::RequestHead& head, std::string_view value);

}  // namespace signalbox::server::admin
