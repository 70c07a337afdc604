#pragma once
#include <chrono>
#include <cstdint>
#include <ctime>

namespace signalbox {

/// Time is a parameter everywhere below net: protocol code never asks what time it is.
using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Milliseconds = std::chrono::milliseconds;
inline constexpr TimePoint kNever = TimePoint::max();

/// The time of the kernel's last tick, a few milliseconds old: cheap enough for every event.
inline std::int64_t coarse_ms(clockid_t clock) {
  std::timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}
/// Unix time.
inline std::int64_t unix_ms(std::chrono::system_clock::time_point time) {
  return std::chrono::floor<Milliseconds>(time.time_since_epoch()).count();
}
/// Unix time, by the wall clock.
inline std::int64_t coarse_unix_ms() {
  return coarse_ms(CLOCK_REALTIME_COARSE);
}
/// Time since some fixed moment, by a clock that nobody sets.
inline std::int64_t coarse_steady_ms() {
  return coarse_ms(CLOCK_MONOTONIC_COARSE);
}

}  // namespace signalbox
