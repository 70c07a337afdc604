#pragma once
#include <algorithm>
#include <cstddef>

#include "base/clock.hpp"

namespace signalbox::hub {

/// How much a client may still send: fills at `per_second`, holds two seconds' worth. A packet that is there already is
/// always taken, so the budget can go below zero: then the client is not read until it is back. 0 a second: no limit.
///
/// One POST can bring more than a budget refills in a minute, and then the next POST waits. Proxies give up a request
/// that is not answered within 30 to 60 seconds, so nobody is held for longer than 20.
class EventBudget {
 public:
  EventBudget(std::size_t per_second, TimePoint now) : since_(now), left_(2.0F * static_cast<float>(per_second)) {}

  void spend(std::size_t per_second, TimePoint now, float packets = 1) {
    if (per_second == 0) return;
    const auto rate = static_cast<float>(per_second);
    const float elapsed = std::chrono::duration<float>(now - since_).count();
    left_ = std::min(left_ + elapsed * rate, 2 * rate) - packets;
    left_ = std::max(left_, -kLongestHold * rate);
    since_ = now;
  }
  /// When the client may be read again; a time that has passed: now.
  TimePoint refilled_at(std::size_t per_second) const {
    if (per_second == 0 || left_ >= 0) return since_;
    const std::chrono::duration<float> wait(-left_ / static_cast<float>(per_second));
    return since_ + std::chrono::duration_cast<TimePoint::duration>(wait) + Milliseconds(1);
  }

 private:
  static constexpr float kLongestHold = 20;  ///< seconds

  TimePoint since_;
  float left_;
};

}  // namespace signalbox::hub
