#pragma once
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.hpp"
#include "net/application.hpp"

namespace signalbox::server {

/// Which origins CORS_ORIGIN allows, and what a request's own Origin therefore gets.
///
/// thread  any; constant after construction. source  the Fetch standard; RFC 6454; the cors package, as Socket.IO uses
/// it.
class OriginPolicy {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  /// Throws ConfigError for an entry that no browser could send, with the right form.
  explicit OriginPolicy(std::string_view cors_origin);

  /// Is this origin on the list?
  bool lists(std::string_view origin) const;
  /// The CORS fields for a request to Engine.IO.
  void add_fields(const net::RequestHead& head, Fields& out) const;
  /// Browsers do not apply CORS to WebSockets, so the server does: no Origin, the request's own Host, or one that is
  /// listed.
  bool allows_websocket(const net::RequestHead& head) const;
  /// The origin that a developer might want to add: present, neither the request's own nor listed. Empty: none.
  std::string_view stranger(const net::RequestHead& head) const;

 private:
  struct Pattern {
    std::string scheme;  ///< with "://"
    std::string host;    ///< for a wildcard the part behind the star, with its dot
    std::string port;    ///< with its colon; empty for the scheme's own
    bool wildcard = false;
  };
  static Pattern parse(std::string_view entry);

  std::vector<Pattern> patterns_;
  bool any_ = false;
};

/// Tells of each refused origin once, with the line to add; remembers a bounded number of them.
///
/// thread  any (its lock: every shard refuses).
class RefusedOrigins {
 public:
  explicit RefusedOrigins(std::string cors_origin) : cors_origin_(std::move(cors_origin)) {}
  /// The line to log, or nothing if this origin was told of before or too many were. Empty: no line allows it, as for
  /// "null", or would allow others too.
  std::optional<std::string> line_to_add(std::string_view origin);

 private:
  const std::string cors_origin_;
  Mutex mutex_;
  std::set<std::string, std::less<>> told_ SB_GUARDED_BY(mutex_);
};

}  // namespace signalbox::server
