#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/whole_number.hpp"

namespace signalbox::queue {

/// The clocks of workers, of Redis and ours: milliseconds that they may differ by.
inline constexpr std::int64_t kClocksDiffer = 10'000;
/// The end of JavaScript's time, in Unix milliseconds. Redis can hold larger numbers, with which we could not reckon.
inline constexpr std::int64_t kLastMs = 8'640'000'000'000'000;

/// The Unix milliseconds that these digits write. Nothing of what is no time.
inline std::optional<std::int64_t> job_time(std::string_view digits) {
  const auto ms = whole_number<std::uint64_t>(digits);
  return ms && *ms <= std::uint64_t{kLastMs} ? std::optional(static_cast<std::int64_t>(*ms)) : std::nullopt;
}

}  // namespace signalbox::queue
