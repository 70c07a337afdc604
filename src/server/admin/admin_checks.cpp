#include "server/admin/admin_checks.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "server/cors.hpp"

namespace signalbox::server::admin {
namespace {

/// Empty, or digits.
std::string_view port_of(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos || host.ends_with(']')) return {};
  return host.substr(colon + 1);
}

bool is_decimal(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Whatever else stands in Host is no name, but the end of an address perhaps: "evil.example#.localhost".
bool is_name(std::string_view host) {
  return std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

/// "127.0.0.1", and whatever else begins with 127 and has four numbers.
bool is_loopback_v4(std::string_view host) {
  const auto parts = split(host, '.');
  return parts.size() == 4 && parts.front() == "127" && std::ranges::all_of(parts, is_decimal);
}

}  // namespace

bool is_loopback(std::string_view host) {
  if (host == "::1") return true;
  const std::string_view port = port_of(host);
  if (is_decimal(port)) host.remove_suffix(port.size() + 1);
  const std::string name = lower(host);
  return name == "localhost" || (name.ends_with(".localhost") && is_name(name)) || name == "[::1]" ||
         is_loopback_v4(name);
}

bool host_is_loopback(const net::RequestHead& head) {
  return head.count("Host") == 1 && is_loopback(trim(*head.field("Host")));
}

// What a browser says by Sec-Fetch-Site no script can change, and a proxy may have changed Host.
bool is_cross_site(const net::RequestHead& head) {
  if (const auto site = head.field("Sec-Fetch-Site"))
    return head.count("Sec-Fetch-Site") != 1 || (*site != "same-origin" && *site != "none");
  const auto origin = head.field("Origin");
  return origin && (head.count("Origin") != 1 || !same_host(*origin, head));
}

std::string cookie_name(const net::RequestHead& head) {
  const std::string_view port = port_of(trim(head.field("Host").value_or("")));
  return is_decimal(port) ? "signalbox_admin_" + std::string(port) : "signalbox_admin";
}

std::vector<std::string_view> cookies(const net::RequestHead& head, std::string_view name) {
  std::vector<std::string_view> found;
  for (const auto& [field, value] : head.fields) {
    if (!equal_ignoring_case(field, "Cookie")) continue;
    for (const std::string_view pair : split(value, ';')) {
      const auto equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name) found.push_back(pair.substr(equals + 1));
    }
  }
  return found;
}

std::string set_cookie(const net::RequestHead& head, std::string_view value) {
  std::string out = cookie_name(head) + '=';
  out.append(value).append("; Path=/; HttpOnly; SameSite=Strict");
  if (value.empty()) out += "; Max-Age=0";
  // Of several proxies the first has seen the browser.
  const std::string_view protocols = head.field("X-Forwarded-Proto").value_or("");
  if (equal_ignoring_case(trim(protocols.substr(0, protocols.find(','))), "https")) out += "; Secure";
  return out;
}

}  // namespace signalbox::server::admin
