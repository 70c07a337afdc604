#include "doctor/url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <stdexcept>

namespace app::doctor {
namespace {

[[noreturn]] void refuse(std::string_view url, std::string_view what = "no address to look at") {
  throw std::invalid_argument('\'' + std::string(url) + "' is " + std::string(what) +
                              ": write one such as https://app.example.com");
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

std::string origin_of_page(std::string_view page) {
  if (page.empty()) return "";
  if (page.find("://") == std::string_view::npos) refuse(page, "no origin of a page");
  if (!page.starts_with("https://") && !page.starts_with("http://")) return std::string(page);  // an app's own pages
  const std::size_t end = page.find_first_of("/?#", page.find("://") + 3);
  return origin_of(parse_url(page.substr(0, end), "/").place);
}

std::string origin_of(const Place& place) {
  std::string out = (place.tls ? "https://" : "http://") + host_field(place);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_local_name(std::string_view host) {
  in_addr four{};
  if (inet_pton(AF_INET, std::string(host).c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  return host == "::1" || host == "localhost" || host.ends_with(".localhost");
}

}  // namespace app::doctor
