#pragma once
#include <chrono>
#include <cstddef>

#include "base/clock.hpp"

namespace signalbox::queue {

/// While entries come fast, one is not read as soon as it is there but with those that follow within a moment: a
/// reading costs far more than an entry. Pure.
class ReadingPace {
 public:
  static constexpr Milliseconds kLately{100}, kPause{1};
  static constexpr double kFast = 10'000;  ///< entries a second; below it a delay counts more than CPU

  /// All that is there was read, these entries with it. For how long is nothing read now?
  Milliseconds on_read(std::size_t entries, TimePoint now) {
    entries_ += entries;
    if (now >= since_ + kLately) {
      fast_ = static_cast<double>(entries_) >= kFast * std::chrono::duration<double>(now - since_).count();
      since_ = now;
      entries_ = 0;
    }
    return fast_ ? kPause : Milliseconds{0};
  }

 private:
  TimePoint since_{};
  std::size_t entries_ = 0;  ///< since then
  bool fast_ = false;        ///< they came, before that
};

}  // namespace signalbox::queue
