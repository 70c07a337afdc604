#pragma once
#include <chrono>

#include "base/clock.hpp"

namespace signalbox::hub {

/// When a socket's token ends, and whether its client has been told that it will.
class TokenExpiry {
 public:
  static constexpr Milliseconds kNotice{60'000};

  TokenExpiry() = default;
  /// `wall` and `now` are the same moment on two clocks. A far future is never: its sum would overflow.
  TokenExpiry(std::chrono::system_clock::time_point expires, std::chrono::system_clock::time_point wall,
              TimePoint now) {
    constexpr std::chrono::hours kFar{24 * 365 * 10};
    if (expires > wall + kFar) return;
    expires_at_ = now + std::chrono::ceil<Milliseconds>(expires - wall);
  }

  TimePoint next_deadline() const {
    if (expires_at_ == kNever) return kNever;
    return told_ ? expires_at_ : expires_at_ - kNotice;
  }
  bool expired(TimePoint now) const { return now >= expires_at_; }
  bool notice_due(TimePoint now) const { return !told_ && now >= next_deadline(); }
  void told() { told_ = true; }
  Milliseconds left(TimePoint now) const { return std::chrono::ceil<Milliseconds>(expires_at_ - now); }

 private:
  TimePoint expires_at_ = kNever;
  bool told_ = false;
};

}  // namespace signalbox::hub
