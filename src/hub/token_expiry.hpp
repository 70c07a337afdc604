#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace signalbox::hub {

/// When a socket's token ends, and whether its client has been told that it will: a minute before, but of a token that
/// lives for less than two no earlier than at half of its life.
class TokenExpiry {
 public:
  TokenExpiry() = default;
  /// `wall` and `now` are the same moment on two clocks; a token that was `issued` later was issued then. A far future
  /// is never: its sum would overflow.
  TokenExpiry(std::chrono::system_clock::time_point expires, std::chrono::system_clock::time_point wall, TimePoint now,
              std::chrono::system_clock::time_point issued) {
    constexpr std::chrono::hours kFar{24 * 365 * 10};
    if (expires > wall + kFar) return;
    expires_at_ = now + std::chrono::ceil<Milliseconds>(expires - wall);
    const auto life = std::chrono::duration_cast<Milliseconds>(expires - std::min(issued, wall));
    notice_ms_ = static_cast<std::uint16_t>(std::clamp<std::int64_t>(life.count() / 2, 0, kMostNoticeMs));
  }

  TimePoint next_deadline() const {
    if (expires_at_ == kNever) return kNever;
    return told_ ? expires_at_ : expires_at_ - Milliseconds(notice_ms_);
  }
  bool expired(TimePoint now) const { return now >= expires_at_; }
  bool notice_due(TimePoint now) const { return !told_ && now >= next_deadline(); }
  void told() { told_ = true; }
  Milliseconds left(TimePoint now) const { return std::chrono::ceil<Milliseconds>(expires_at_ - now); }

 private:
  static constexpr std::uint16_t kMostNoticeMs = 60'000;

  TimePoint expires_at_ = kNever;
  std::uint16_t notice_ms_ = kMostNoticeMs;
  bool told_ = false;
};

}  // namespace signalbox::hub
