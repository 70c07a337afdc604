#include "redis/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/percent.hpp"
#include "base/text.hpp"
#include "base/whole_number.hpp"

namespace signalbox::redis {
namespace {

using Checked = std::expected<void, std::string>;

struct Scheme {
  std::string_view name;
  bool tls = false;
  std::uint16_t port = 0;  ///< 0: the path of a Unix socket follows
  bool sentinel = false;
};
constexpr std::array kSchemes = {
    Scheme{.name = "redis", .port = 6379},
    Scheme{.name = "rediss", .tls = true, .port = 6379},
    Scheme{.name = "unix"},
    Scheme{.name = "redis+sentinel", .port = 26379, .sentinel = true},
    Scheme{.name = "rediss+sentinel", .tls = true, .port = 26379, .sentinel = true},
};
constexpr std::string_view kForms =
    "redis://host:6379, rediss://host:6379 (TLS), unix:///run/redis.sock or "
    "redis+sentinel://host:26379,host:26379/mymaster";
constexpr std::size_t kMaxPath = 107;  ///< what a Unix socket's address has room for

std::unexpected<std::string> wrong(std::string what) {
  return std::unexpected(std::move(what));
}

const Scheme* scheme_of(std::string_view text) {
  const std::size_t end = text.find("://");
  const auto found = std::ranges::find(kSchemes, lower(text.substr(0, end)), &Scheme::name);
  return end == text.npos || found == kSchemes.end() ? nullptr : &*found;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  return percent_decode(text, out, '+') ? std::optional(out) : std::nullopt;
}

// Nothing of it is quoted in an error: any part may be the password.
Checked read_identity(std::string_view text, Url& url) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos) return wrong("there is no password before the '@': write user:password@ or :password@");
  auto user = decoded(text.substr(0, colon)), password = decoded(text.substr(colon + 1));
  if (!user || !password)
    return wrong("a '%' in the user or the password begins no two hexadecimal digits: write '%' itself as %25");
  if (password->empty() && !user->empty()) return wrong("the user has no password: write user:password@");
  url.user = std::move(*user);
  url.password = std::move(*password);
  return {};
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}
bool is_ipv6_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
}

Checked read_port(std::string_view text, Host& host) {
  const auto port = whole_number<std::uint16_t>(text);
  // What stands there may be a password whose '@' and host are missing.
  if (!port || *port == 0) return wrong("what stands behind the host's ':' is no port from 1 to 65535");
  host.port = *port;
  return {};
}

/// name, name:port, [IPv6] or [IPv6]:port
Checked read_host(std::string_view text, Host host, Url& url) {
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    host.name = lower(text.substr(1, end == text.npos ? end : end - 1));
    if (end == text.npos || !host.name.contains(':') || !std::ranges::all_of(host.name, is_ipv6_char))
      return wrong("what stands in brackets is no IPv6 address: write [::1] or [::1]:6379");
    rest = text.substr(end + 1);
  } else {
    if (std::ranges::count(text, ':') > 1)
      return wrong("a host has more than one ':': write an IPv6 address in brackets, as in [::1]:6379");
    const std::size_t end = std::min(text.find(':'), text.size());
    if (end != 0) host.name = lower(text.substr(0, end));
    if (!std::ranges::all_of(host.name, is_name_char))
      return wrong(fmt::format("'{}' is no host: write a name, an IPv4 address or [an IPv6 address]", host.name));
    rest = text.substr(end);
  }
  if (rest.starts_with(':')) {
    if (auto port = read_port(rest.substr(1), host); !port) return port;
  } else if (!rest.empty()) {
    return wrong("an IPv6 address is followed by something other than :port");
  }
  url.hosts.push_back(std::move(host));
  return {};
}

Checked read_hosts(std::string_view text, const Scheme& scheme, Url& url) {
  const Host standard{.name = "localhost", .port = scheme.port};
  if (!scheme.sentinel && text.contains(','))
    return wrong("there are several hosts: write one, or with Sentinel redis+sentinel://host,host/mymaster");
  if (text.empty()) return url.hosts.push_back(standard), Checked{};
  for (const std::string_view host : split(text, ',')) {
    if (auto read = read_host(host, standard, url); !read) return read;
  }
  return {};
}

Checked read_database(std::string_view text, Url& url) {
  if (text.empty()) return {};
  const auto number = whole_number<std::uint32_t>(text);
  if (!number) return wrong("the database behind the last '/' is no number: write it as in redis://host:6379/0");
  url.database = *number;
  return {};
}

/// What follows the first '/' behind the hosts.
Checked read_path(std::string_view text, const Scheme& scheme, Url& url) {
  if (!scheme.sentinel) return read_database(text, url);
  const std::size_t slash = std::min(text.find('/'), text.size());
  auto primary = decoded(text.substr(0, slash));
  if (!primary || primary->empty())
    return wrong("the primary's name behind the sentinels is missing: write redis+sentinel://host:26379/mymaster");
  url.primary = std::move(*primary);
  return read_database(text.substr(std::min(slash + 1, text.size())), url);
}

Checked read_unix(std::string_view text, Url& url) {
  const std::size_t slash = text.find('/');
  const std::string_view before = text.substr(0, slash);
  if (slash == text.npos || (!before.empty() && !before.ends_with('@')))
    return wrong("a Unix socket's path begins with '/': write unix:///run/redis.sock or unix://user:password@/run/…");
  if (!before.empty()) {
    if (auto identity = read_identity(before.substr(0, before.size() - 1), url); !identity) return identity;
  }
  const std::size_t query = std::min(text.find('?'), text.size());
  constexpr std::string_view kDatabase = "?db=";
  const std::string_view rest = text.substr(query);
  if (!rest.empty() && !rest.starts_with(kDatabase))
    return wrong("only ?db= may follow a Unix socket's path, as in unix:///run/redis.sock?db=1");
  auto path = decoded(text.substr(slash, query - slash));
  if (!path || path->size() > kMaxPath)
    return wrong(fmt::format("a Unix socket's path has at most {} bytes, and '%' in it is written %25", kMaxPath));
  url.hosts.push_back({.path = std::move(*path)});
  return rest.empty() ? Checked{} : read_database(rest.substr(kDatabase.size()), url);
}

Checked read_network(std::string_view text, const Scheme& scheme, Url& url) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view authority = text.substr(0, slash), path = text.substr(std::min(slash + 1, text.size()));
  // Else a part of the password would be taken for the host.
  if (path.contains('@'))
    return wrong("there is a '/' before the '@': write it in the user or the password as %2F (and '@' as %40)");
  const std::size_t at = authority.rfind('@');
  if (at != authority.npos) {
    if (auto identity = read_identity(authority.substr(0, at), url); !identity) return identity;
  }
  const std::string_view hosts = at == authority.npos ? authority : authority.substr(at + 1);
  if (auto read = read_hosts(hosts, scheme, url); !read) return read;
  return read_path(path, scheme, url);
}

}  // namespace

std::expected<Url, std::string> parse_url(std::string_view text) {
  text = trim(text);
  const Scheme* scheme = scheme_of(text);
  if (!scheme) return wrong(fmt::format("it begins with none of the schemes that are known: write {}", kForms));
  text.remove_prefix(scheme->name.size() + 3);
  Url url{.tls = scheme->tls};
  const Checked read = scheme->port == 0 ? read_unix(text, url) : read_network(text, *scheme, url);
  if (!read) return std::unexpected(read.error());
  return url;
}

std::string to_text(const Host& host) {
  if (!host.path.empty()) return host.path;
  return host.name.contains(':') ? fmt::format("[{}]:{}", host.name, host.port)
                                 : fmt::format("{}:{}", host.name, host.port);
}

std::string to_text(const Url& url) {
  const bool local = !url.hosts.empty() && !url.hosts[0].path.empty();
  std::string out = local ? "unix" : url.tls ? "rediss" : "redis";
  out += url.primary.empty() ? "://" : "+sentinel://";
  if (!url.user.empty()) out += url.user + "@";
  for (const Host& host : url.hosts) {
    if (&host != &url.hosts[0]) out += ',';
    out += to_text(host);
  }
  if (!url.primary.empty()) out += "/" + url.primary;
  if (url.database != 0) out += fmt::format("{}{}", local ? "?db=" : "/", url.database);
  return out;
}

}  // namespace signalbox::redis
