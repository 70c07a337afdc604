#pragma once
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace signalbox::server {

/// How often something has happened since the start. `name` points to static storage.
struct Count {
  std::string_view name;
  std::uint64_t times = 0;
};

/// Tells operators what is counted and seen nowhere else: one line with the counts that have changed, once a minute
/// when any has, and at the end.
///
/// thread  one at a time: the first shard's while it runs.
class CountsLog {
 public:
  using Read = std::function<std::vector<Count>()>;  ///< the same counts in the same order each time

  explicit CountsLog(Read read) : read_(std::move(read)) {}

  TimePoint next_deadline() const { return next_; }
  void on_timer(TimePoint now);
  void tell();
  /// Those that have changed since the last call.
  std::vector<log::Field> changed();

 private:
  const Read read_;
  std::vector<Count> told_;
  TimePoint next_{};
};

}  // namespace signalbox::server
