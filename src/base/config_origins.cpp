#include <fmt/format.h>

#include <algorithm>

#include "base/config_table.hpp"
#include "base/text.hpp"

namespace signalbox {
namespace {

bool scheme_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}
bool host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool valid_scheme(std::string_view scheme) {
  return !scheme.empty() && scheme.front() >= 'a' && scheme.front() <= 'z' && std::ranges::all_of(scheme, scheme_char);
}

bool valid_port(std::string_view port) {
  return !port.empty() && port.size() <= 5 && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
}

/// host, *.host or [IPv6], with a port or without.
bool valid_authority(std::string_view text) {
  std::size_t end = 0;
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const auto address = text.substr(1, end - 1);
    if (address.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos) return false;
    ++end;
  } else {
    const std::string_view host = text.starts_with("*.") ? text.substr(2) : text;
    const std::size_t size = std::min(host.find(':'), host.size());
    const std::string_view name = host.substr(0, size);
    if (name.empty() || name.starts_with('.') || name.contains("..") || !std::ranges::all_of(name, host_char))
      return false;
    end = text.size() - host.size() + size;
  }
  return end == text.size() || (text[end] == ':' && valid_port(text.substr(end + 1)));
}

std::optional<std::string> check_origin(std::string_view entry) {
  if (entry == "*") return std::nullopt;
  if (entry.empty()) return "an origin is missing between two commas";
  const std::size_t colon = entry.find("://");
  if (colon == std::string_view::npos) {
    return fmt::format("'{0}' has no scheme: write https://{0} or http://{0}", entry.substr(0, entry.find('/')));
  }
  const std::string_view authority = entry.substr(colon + 3);
  const std::size_t path = authority.find_first_of("/?#");
  if (path != std::string_view::npos) {
    return fmt::format("'{}' has a path: write {}", entry, entry.substr(0, colon + 3 + path));
  }
  if (valid_scheme(entry.substr(0, colon)) && valid_authority(authority)) return std::nullopt;
  return fmt::format(
      "'{}' is no origin: write one as https://example.com, https://example.com:8443 or https://*.example.com", entry);
}

}  // namespace

std::optional<std::string> check_origins(std::string_view list) {
  for (const std::string_view entry : split(list, ',')) {
    if (auto wrong = check_origin(entry)) return wrong;
  }
  return std::nullopt;
}

}  // namespace signalbox
