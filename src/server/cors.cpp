#include "server/cors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include <signalbox/config.hpp>

#include "base/config_table.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace signalbox::server {
namespace {

constexpr std::size_t kMaxTold = 100;
constexpr std::size_t kMaxInLine = 10;
constexpr std::size_t kMaxOriginBytes = 256;

struct OriginParts {
  std::string_view scheme, host, port;  ///< "https://", "example.com", ":8443" or empty
};

/// Splits scheme, host and port; what stands there is not judged.
OriginParts split_origin(std::string_view origin) {
  OriginParts parts;
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

/// Labels of a host name: what stands before a wildcard's suffix must be such.
bool host_labels(std::string_view host) {
  return !host.empty() && !host.starts_with('.') && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

/// May it stand in a list in the log? No browser sends anything else.
bool printable(std::string_view origin) {
  return origin.size() <= kMaxOriginBytes &&
         std::ranges::all_of(origin, [](char c) { return c > 0x20 && c < 0x7f && c != ','; });
}

}  // namespace

bool same_host(std::string_view origin, const net::RequestHead& head) {
  const auto host = head.field("Host");
  if (!host || head.count("Host") != 1) return false;
  const std::string wanted = lower(origin);
  const OriginParts mine = split_origin(wanted);
  if (mine.host.empty()) return false;
  const std::string asked = std::string(mine.scheme) + lower(trim(*host));
  const OriginParts theirs = split_origin(asked);
  return mine.host == theirs.host && mine.port == theirs.port;
}

OriginPolicy::OriginPolicy(std::string_view cors_origin) {
  if (const auto wrong = check_origins(cors_origin)) throw ConfigError("CORS_ORIGIN: " + *wrong);
  for (const std::string_view entry : signalbox::split(cors_origin, ',')) {
    if (entry == "*") {
      any_ = true;
    } else {
      patterns_.push_back(parse(entry));
    }
  }
}

OriginPolicy::Pattern OriginPolicy::parse(std::string_view entry) {
  const std::string text = lower(entry);
  OriginParts parts = split_origin(text);
  const bool wildcard = parts.host.starts_with("*.");
  if (wildcard) parts.host.remove_prefix(1);
  return {.scheme = std::string(parts.scheme),
          .host = std::string(parts.host),
          .port = std::string(parts.port),
          .wildcard = wildcard};
}

bool OriginPolicy::lists(std::string_view origin) const {
  if (any_) return true;
  if (origin.size() > kMaxOriginBytes) return false;
  const std::string text = lower(origin);
  const OriginParts parts = split_origin(text);
  if (parts.host.empty()) return false;
  return std::any_of(patterns_.begin(), patterns_.end(), [&parts](const Pattern& pattern) {
    if (pattern.scheme != parts.scheme || pattern.port != parts.port) return false;
    if (!pattern.wildcard) return pattern.host == parts.host;
    if (parts.host.size() <= pattern.host.size() || !parts.host.ends_with(pattern.host)) return false;
    return host_labels(parts.host.substr(0, parts.host.size() - pattern.host.size()));
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

std::string_view OriginPolicy::refused_origin(const net::RequestHead& head) const {
  const auto origin = head.field("Origin");
  if (!origin || origin->empty() || lists(*origin) || same_host(*origin, head)) return {};
  return *origin;
}

std::optional<RefusedOrigins::Report> RefusedOrigins::refuse(std::string_view origin, TimePoint now) {
  const Lock lock(mutex_);
  if (told_.contains(origin) || std::ranges::find(gathered_.origins, origin) != gathered_.origins.end())
    return std::nullopt;
  if (printable(origin) && gathered_.origins.size() < kMaxInLine) {
    gathered_.origins.emplace_back(origin);
  } else {
    ++gathered_.others;
  }
  return take(now);
}

std::optional<RefusedOrigins::Report> RefusedOrigins::due(TimePoint now) {
  const Lock lock(mutex_);
  return take(now);
}

std::optional<RefusedOrigins::Report> RefusedOrigins::take(TimePoint now) {
  const bool nothing = gathered_.origins.empty() && gathered_.others == 0;
  deadline_.store((nothing ? kNever : next_).time_since_epoch().count(), std::memory_order_relaxed);
  if (nothing || now < next_) return std::nullopt;
  next_ = now + std::chrono::minutes(1);
  deadline_.store(kNever.time_since_epoch().count(), std::memory_order_relaxed);
  Report report = std::exchange(gathered_, {});
  if (report.origins.size() == 1) report.line = line_to_add(report.origins.front());
  if (told_.size() + report.origins.size() > kMaxTold) told_.clear();
  told_.insert(report.origins.begin(), report.origins.end());
  return report;
}

std::string RefusedOrigins::line_to_add(std::string_view origin) const {
  if (origin.contains('*') || check_origins(origin)) return "";
  if (cors_origin_.empty()) return fmt::format("CORS_ORIGIN={}", origin);
  return fmt::format("CORS_ORIGIN={},{}", cors_origin_, origin);
}

// With several origins no line is offered: whoever copied it could let in somebody else's beside their own.
void warn_of(const RefusedOrigins::Report& refused) {
  std::vector<log::Field> fields;
  std::string_view event = "origins are refused; add those that are yours to CORS_ORIGIN";
  if (refused.origins.size() == 1) {
    fields.push_back({"origin", refused.origins.front()});
    event = refused.line.empty() ? "an origin is refused, and no entry of CORS_ORIGIN names it"
                                 : "an origin is refused; to allow it, set the line";
  } else if (!refused.origins.empty()) {
    fields.push_back({"origins", fmt::format("{}", fmt::join(refused.origins, " "))});
  }
  if (!refused.line.empty()) fields.push_back({"line", refused.line});
  if (refused.others != 0) fields.push_back({"requests_of_others", std::to_string(refused.others)});
  log::write(log::Level::warn, event, fields);
}

}  // namespace signalbox::server
