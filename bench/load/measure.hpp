#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <vector>

#include "process.hpp"
#include "scenarios.hpp"

namespace load {

/// Time, the server's CPU and the load's own business from its construction to figures().
class Measure {
 public:
  Measure(pid_t server, const Swarm& swarm)
      : server_(server), swarm_(swarm), start_(Clock::now()), server_cpu_(cpu_seconds(server)), idle_(swarm.idle()) {}

  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  /// `events` happened since the construction.
  Figures figures(double events) const {
    const double elapsed = seconds();
    const double server = cpu_seconds(server_) - server_cpu_;
    return {{"seconds", elapsed},
            {"events", events},
            {"events_per_s", events / elapsed},
            {"server_cpu_us_per_event", server / events * 1e6},
            {"server_cpu_share", server / elapsed},
            {"load_busy_share", 1 - std::chrono::duration<double>(swarm_.idle() - idle_).count() / elapsed}};
  }

 private:
  pid_t server_;
  const Swarm& swarm_;
  Clock::time_point start_;
  double server_cpu_;
  Clock::duration idle_;
};

inline std::int64_t nanoseconds() {
  return Clock::now().time_since_epoch().count();
}

/// When an event was sent that carries `"t"`, as nanoseconds() gave it.
inline std::int64_t stamp_of(std::string_view event) {
  const auto at = event.rfind("\"t\":");
  std::int64_t stamp = 0;
  if (at != event.npos) std::from_chars(event.data() + at + 4, event.data() + event.size(), stamp);
  return stamp;
}

/// What this part of the values does not pass; orders them.
inline double percentile(std::vector<double>& values, double part) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// `count` clients "user-<i>", connected and authenticated.
inline void gather(Swarm& swarm, std::size_t count) {
  const std::size_t first = swarm.size();
  for (std::size_t i = 0; i < count; ++i) swarm.add("user-" + std::to_string(i));
  swarm.connect_all(first, count);
}

}  // namespace load
