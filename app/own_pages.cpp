#include "own_pages.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

namespace app {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return out;
}

/// "localhost:3000" -> "localhost", "[::1]:3000" -> "::1"; empty: neither a host nor a host and a port.
std::string host_of(std::string_view field) {
  const bool literal = field.starts_with('[');
  const auto end = literal ? field.find(']') : field.find(':');
  if (literal && end == std::string_view::npos) return {};
  const std::string_view host = literal ? field.substr(1, end - 1) : field.substr(0, end);
  std::string_view rest = end == std::string_view::npos ? "" : field.substr(end + literal);
  if (rest.starts_with(':'))
    rest.remove_prefix(1);
  else if (!rest.empty())
    return {};
  return std::ranges::all_of(rest, [](char c) { return c >= '0' && c <= '9'; }) ? lower(host) : "";
}

}  // namespace

bool is_loopback(std::string_view host) {
  const std::string text(host);
  in_addr ipv4{};
  in6_addr ipv6{};
  if (inet_pton(AF_INET, text.c_str(), &ipv4) == 1) return ntohl(ipv4.s_addr) >> 24 == 127;
  if (inet_pton(AF_INET6, text.c_str(), &ipv6) == 1) return IN6_IS_ADDR_LOOPBACK(&ipv6);
  return text == "localhost";
}

bool asked_on_loopback(const signalbox::RouteRequest& request) {
  return is_loopback(host_of(request.field("Host")));
}

bool from_own_page(const signalbox::RouteRequest& request) {
  const std::string origin = lower(request.field("Origin"));
  const std::string host = lower(request.field("Host"));
  return origin.empty() || origin == "http://" + host || origin == "https://" + host;
}

}  // namespace app
