#include "doctor/url.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace app::doctor {
namespace {

[[noreturn]] void refuse(std::string_view url) {
  throw std::invalid_argument('\'' + std::string(url) +
                              "' is no address to look at: write one such as https://app.example.com");
}

std::uint16_t port_of(std::string_view text, std::string_view url) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) refuse(url);
  return port;
}

}  // namespace

Address parse_url(std::string_view url, const std::string& path) {
  const bool tls = url.starts_with("https://") || url.starts_with("wss://");
  const bool plain = url.starts_with("http://") || url.starts_with("ws://");
  const bool clean = std::ranges::all_of(
      url, [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '?' && c != '#' && c != '@'; });
  if ((!tls && !plain) || !clean) refuse(url);
  const std::string_view rest = url.substr(url.find("://") + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view host = rest.substr(0, slash);
  const std::size_t bracket = host.starts_with('[') ? host.find(']') : 0;
  if (host.empty() || bracket == std::string_view::npos) refuse(url);
  const std::size_t colon = host.find(':', bracket);
  Address out{.place = {.port = static_cast<std::uint16_t>(tls ? 443 : 80), .tls = tls}, .path = path};
  if (colon != std::string_view::npos) {
    out.place.port = port_of(host.substr(colon + 1), url);
    host = host.substr(0, colon);
  }
  out.place.host = bracket == 0 ? host : host.substr(1, bracket - 1);
  if (out.place.host.empty()) refuse(url);
  if (rest.size() > slash + 1) out.path = std::string(rest.substr(slash)) + (rest.ends_with('/') ? "" : "/");
  return out;
}

std::string origin_of(std::string_view page) {
  const std::size_t host = page.find("://");
  return std::string(host == std::string_view::npos ? page : page.substr(0, page.find('/', host + 3)));
}

}  // namespace app::doctor
