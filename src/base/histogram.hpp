#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/clock.hpp"
#include "base/tally.hpp"

namespace signalbox {

/// How long something took, each time: counts in buckets of which each is twice as wide as the one before.
///
/// thread  observe() one at a time; values() any, and each count is exact while all together may be of two moments.
class Histogram {
 public:
  static constexpr std::size_t kBuckets = 24;  ///< up to 10 us, 20 us, … 42 s, and beyond

  /// The longest time that a bucket takes; the last takes all that is longer.
  static constexpr double seconds_up_to(std::size_t bucket) {
    return 1e-5 * static_cast<double>(std::uint64_t{1} << bucket);
  }

  struct Values {
    std::array<std::uint64_t, kBuckets> counts{};
    std::uint64_t nanoseconds = 0;  ///< of all together

    void add(const Values& other) {
      for (std::size_t i = 0; i < kBuckets; ++i) counts[i] += other.counts[i];
      nanoseconds += other.nanoseconds;
    }
    std::uint64_t count() const {
      std::uint64_t all = 0;
      for (const std::uint64_t one : counts) all += one;
      return all;
    }
  };

  /// So many took so long. A clock that went back counts as no time.
  void observe(Clock::duration time, std::uint64_t times = 1) {
    using Nanoseconds = std::chrono::nanoseconds;
    const auto signed_ns = std::chrono::duration_cast<Nanoseconds>(time).count();
    const std::uint64_t ns = signed_ns > 0 ? static_cast<std::uint64_t>(signed_ns) : 0;
    counts_[bucket_of(ns)].add(times);
    nanoseconds_.add(ns * times);
  }
  Values values() const {
    Values out;
    for (std::size_t i = 0; i < kBuckets; ++i) out.counts[i] = counts_[i].value();
    out.nanoseconds = nanoseconds_.value();
    return out;
  }

 private:
  static std::size_t bucket_of(std::uint64_t ns) {
    constexpr std::uint64_t kFirst = 10'000;
    const std::uint64_t whole = ns == 0 ? 0 : (ns - 1) / kFirst;
    return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(whole)), kBuckets - 1);
  }

  std::array<Tally, kBuckets> counts_;
  Tally nanoseconds_;
};

}  // namespace signalbox
