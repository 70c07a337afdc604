#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/log.hpp"

namespace signalbox {

/// A bound that others can reach: its value, how often it was reached, and a warning at most once a minute. Each owner
/// has its own, so that two services in one process share neither count nor warning.
///
/// thread  any; set() before there are several.
class Limit {
 public:
  /// `warning`: what the log says, with the name of the setting; it outlives this. `value`: 0 where no setting gives
  /// one.
  explicit constexpr Limit(std::string_view warning, std::size_t value = 0) : warning_(warning), value_(value) {}

  void set(std::size_t value) { value_ = value; }
  std::size_t value() const { return value_; }
  std::string_view warning() const { return warning_; }
  /// It was reached: somebody was refused, slowed or closed for it.
  void reached(std::initializer_list<log::Field> fields = {}) {
    times_.fetch_add(1, std::memory_order_relaxed);
    line_.write(warning_, fields);
  }
  /// How often, since the start.
  std::uint64_t times() const { return times_.load(std::memory_order_relaxed); }

 private:
  const std::string_view warning_;
  std::size_t value_;
  std::atomic<std::uint64_t> times_{0};
  log::RareWarning line_;
};

}  // namespace signalbox
