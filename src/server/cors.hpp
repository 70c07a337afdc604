#pragma once
#include <atomic>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "net/application.hpp"

namespace signalbox::server {

/// Is the page from the very server that it speaks to? The scheme is not ours to know: a proxy may have taken TLS off.
bool same_host(std::string_view origin, const net::RequestHead& head);

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
  std::string_view refused_origin(const net::RequestHead& head) const;

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

/// Gathers the origins that were refused, so that one line a minute tells of them: the first at once. Each is told
/// once, until so many others have come that it is forgotten. What is remembered is bounded, whatever clients invent.
///
/// thread  any (its lock: every shard refuses).
class RefusedOrigins {
 public:
  struct Report {
    std::vector<std::string> origins;  ///< at most ten, in the order in which they came
    std::size_t others = 0;            ///< requests of further origins
    /// For .env, if there is but one origin and an entry can name it alone: "null" has none.
    std::string line;
  };

  explicit RefusedOrigins(std::string cors_origin) : cors_origin_(std::move(cors_origin)) {}
  /// A request of this origin was refused. What is to be told now, if anything.
  std::optional<Report> refuse(std::string_view origin, TimePoint now);
  /// What has gathered, once the last line is a minute old.
  std::optional<Report> due(TimePoint now);
  TimePoint next_deadline() const { return TimePoint(TimePoint::duration(deadline_.load(std::memory_order_relaxed))); }

 private:
  std::optional<Report> take(TimePoint now) SB_REQUIRES(mutex_);
  std::string line_to_add(std::string_view origin) const;

  const std::string cors_origin_;
  std::atomic<TimePoint::rep> deadline_{kNever.time_since_epoch().count()};
  Mutex mutex_;
  std::set<std::string, std::less<>> told_ SB_GUARDED_BY(mutex_);
  Report gathered_ SB_GUARDED_BY(mutex_);
  TimePoint next_ SB_GUARDED_BY(mutex_){};
};

/// The line about them.
void warn_of(const RefusedOrigins::Report& refused);

}  // namespace signalbox::server
