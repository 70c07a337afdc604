#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>

#include "base/clock.hpp"
#include "server/snapshot.hpp"

namespace signalbox::server::admin {

/// All numbers at one moment.
struct Look {
  TimePoint at;
  std::int64_t unix_ms = 0;
  Snapshot snapshot{};
  std::uint64_t refusals = 0;  ///< since the start
};

/// A second, between two looks. `cpu`: share of one core.
struct Rates {
  double logins = 0, logins_refused = 0, events = 0, outcomes = 0, packets = 0, refusals = 0, cpu = 0;
};
Rates rates_between(const Look& before, const Look& now);

/// Seconds within which that share of what was counted stayed; nothing: nothing was. Within a bucket all are taken to
/// lie evenly.
std::optional<double> quantile(const Histogram::Values& values, double share);
/// What `now` has counted since `before`.
Histogram::Values between(const Histogram::Values& before, const Histogram::Values& now);

/// A point of the charts.
struct Point {
  std::int64_t unix_ms = 0;
  std::uint64_t users_online = 0, connections = 0, memory_bytes = 0, unheard = 0;
  Rates rates{};
  std::optional<double> delivery_p99{};
};

/// The last hour, in points of ten seconds.
///
/// thread  one at a time.
class AdminHistory {
 public:
  static constexpr std::chrono::seconds kEvery{10};
  static constexpr std::size_t kPoints = 360;

  /// One more point. To be called about every kEvery.
  void add(Look look);
  const std::deque<Point>& points() const { return points_; }
  /// Of some ten seconds up to now.
  Rates rates(const Look& now) const;
  /// What that has counted within some minute up to now.
  Histogram::Values recent(const Look& now, Histogram::Values Snapshot::* of) const;

 private:
  /// The newest look of that age; the oldest, if none is; null: there is none.
  const Look* look_before(TimePoint now, Clock::duration age) const;

  static constexpr std::size_t kLooks = 7;  ///< a minute
  std::deque<Look> looks_;                  ///< the oldest first
  std::deque<Point> points_;
};

}  // namespace signalbox::server::admin
