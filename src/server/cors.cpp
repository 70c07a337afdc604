#include "server/cors.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <signalbox/config.hpp>

namespace signalbox::server {
namespace {

constexpr std::size_t kMaxTold = 100;
constexpr std::size_t kMaxOriginBytes = 256;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

struct Parts {
  std::string_view scheme, host, port;  ///< "https://", "example.com", ":8443" or empty
};

/// Splits scheme, host and port; what stands there is not judged.
Parts split(std::string_view origin) {
  Parts parts;
  const auto end = origin.find("://");
  if (end == std::string_view::npos) return parts;
  parts.scheme = origin.substr(0, end + 3);
  origin.remove_prefix(end + 3);
  const auto bracket = origin.starts_with('[') ? origin.find(']') : 0;
  const auto colon = bracket == std::string_view::npos ? bracket : origin.find(':', bracket);
  parts.host = origin.substr(0, colon);
  if (colon != std::string_view::npos) parts.port = origin.substr(colon);
  if ((parts.scheme == "http://" && parts.port == ":80") || (parts.scheme == "https://" && parts.port == ":443"))
    parts.port = {};
  return parts;
}

bool host_characters(std::string_view host) {
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

bool good_host(std::string_view host) {
  if (host.starts_with('[')) {
    return host.size() > 3 && host.ends_with(']') &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
  }
  return !host.empty() && host_characters(host) && !host.starts_with('.') && !host.ends_with('.');
}

bool good_port(std::string_view port) {
  return port.empty() || (port.size() > 1 && port.size() <= 6 &&
                          port.substr(1).find_first_not_of("0123456789") == std::string_view::npos);
}

/// Is the page from the very server that it speaks to? The scheme is not ours to know: a proxy may have taken TLS off.
bool same_host(std::string_view origin, const net::RequestHead& head) {
  const auto host = head.field("Host");
  if (!host || head.count("Host") != 1) return false;
  const std::string wanted = lower(origin);
  const Parts mine = split(wanted);
  if (mine.host.empty()) return false;
  const std::string asked = std::string(mine.scheme) + lower(trim(*host));
  const Parts theirs = split(asked);
  return mine.host == theirs.host && mine.port == theirs.port;
}

}  // namespace

OriginPolicy::OriginPolicy(std::string_view cors_origin) {
  while (!cors_origin.empty()) {
    const auto comma = cors_origin.find(',');
    const auto entry = trim(cors_origin.substr(0, comma));
    cors_origin = comma == std::string_view::npos ? std::string_view{} : cors_origin.substr(comma + 1);
    if (entry.empty()) continue;
    if (entry == "*") {
      any_ = true;
    } else {
      patterns_.push_back(parse(entry));
    }
  }
}

OriginPolicy::Pattern OriginPolicy::parse(std::string_view entry) {
  const auto refuse = [entry](std::string_view why, std::string_view right) {
    return ConfigError(fmt::format("CORS_ORIGIN \"{}\": {}; write {}", entry, why, right));
  };
  const std::string text = lower(entry);
  Parts parts = split(text);
  if (parts.scheme.empty() || parts.scheme == "://") {
    throw refuse("an origin begins with its scheme",
                 fmt::format("https://{0} or http://{0}", text == "null" ? "example.com" : text));
  }
  if (const auto slash = text.find('/', parts.scheme.size()); slash != std::string::npos) {
    throw refuse("an origin has no path", text.substr(0, slash));
  }
  Pattern pattern{.scheme = std::string(parts.scheme), .host = {}, .port = std::string(parts.port), .wildcard = false};
  if (parts.host.starts_with("*.")) {
    pattern.wildcard = true;
    parts.host.remove_prefix(1);
  }
  if (!good_host(pattern.wildcard ? parts.host.substr(1) : parts.host) || !good_port(parts.port)) {
    throw refuse("this is not an origin", "https://example.com, http://localhost:3000, https://*.example.com or *");
  }
  pattern.host = parts.host;
  return pattern;
}

bool OriginPolicy::lists(std::string_view origin) const {
  if (any_) return true;
  if (origin.size() > kMaxOriginBytes) return false;
  const std::string text = lower(origin);
  const Parts parts = split(text);
  if (parts.host.empty()) return false;
  return std::any_of(patterns_.begin(), patterns_.end(), [&parts](const Pattern& pattern) {
    if (pattern.scheme != parts.scheme || pattern.port != parts.port) return false;
    if (!pattern.wildcard) return pattern.host == parts.host;
    if (parts.host.size() <= pattern.host.size() || !parts.host.ends_with(pattern.host)) return false;
    return good_host(parts.host.substr(0, parts.host.size() - pattern.host.size()));
  });
}

void OriginPolicy::add_fields(const net::RequestHead& head, Fields& out) const {
  if (any_) {
    out.emplace_back("Access-Control-Allow-Origin", "*");
    return;
  }
  if (patterns_.empty()) return;
  // Also for those who are refused: a cache must not hand one origin's answer to another.
  out.emplace_back("Vary", "Origin");
  const auto origin = head.field("Origin");
  if (!origin || head.count("Origin") != 1 || !lists(*origin)) return;
  out.emplace_back("Access-Control-Allow-Origin", *origin);
  out.emplace_back("Access-Control-Allow-Credentials", "true");
}

bool OriginPolicy::allows_websocket(const net::RequestHead& head) const {
  const auto count = head.count("Origin");
  if (count == 0) return true;
  if (count > 1) return false;
  const auto origin = *head.field("Origin");
  return lists(origin) || same_host(origin, head);
}

std::string_view OriginPolicy::stranger(const net::RequestHead& head) const {
  const auto origin = head.field("Origin");
  if (!origin || origin->empty() || lists(*origin) || same_host(*origin, head)) return {};
  return *origin;
}

std::string RefusedOrigins::line_to_add(std::string_view origin) {
  if (origin.empty() || origin.size() > kMaxOriginBytes) return {};
  const Lock lock(mutex_);
  if (told_.size() >= kMaxTold || !told_.insert(std::string(origin)).second) return {};
  if (cors_origin_.empty()) return fmt::format("CORS_ORIGIN={}", origin);
  return fmt::format("CORS_ORIGIN={},{}", cors_origin_, origin);
}

}  // namespace signalbox::server
