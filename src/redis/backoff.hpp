#pragma once
#include <algorithm>
#include <cstdint>
#include <random>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/text.hpp"

namespace signalbox::redis {

/// How long to wait before the next attempt: 50 ms, doubled each time up to 2 s; of that at least a half, so that those
/// who lost the same server do not all come back in one moment.
class Backoff {
 public:
  static constexpr Milliseconds kFirst{50}, kMost{2000};

  explicit Backoff(std::uint32_t seed = random_seed()) : random_(seed) {}

  Milliseconds next() {
    const Milliseconds most = step_;
    step_ = std::min(2 * step_, kMost);
    return Milliseconds(std::uniform_int_distribution<Milliseconds::rep>(most.count() / 2, most.count())(random_));
  }
  /// The last attempt was a success.
  void reset() { step_ = kFirst; }

 private:
  // Not by std::random_device, which wants a newer C library than the npm package does.
  static std::uint32_t random_seed() { return static_cast<std::uint32_t>(TextHash{}(random_id(8))); }

  Milliseconds step_ = kFirst;
  std::minstd_rand random_;
};

}  // namespace signalbox::redis
