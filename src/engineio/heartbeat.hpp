#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/clock.hpp"

namespace signalbox::engineio {

/// When a session pings, how long it waits for a pong, and what a pong confirms. Pongs carry no id, but they come in
/// the order of their pings.
///
/// A ping is due at each interval, even while the last pong is missing. A client gives up if it hears no ping for
/// interval and timeout together, and the server may be reading nothing from it, or the line may be slow.
class Heartbeat {
 public:
  struct Times {
    Milliseconds interval;
    Milliseconds timeout;
  };

  explicit Heartbeat(TimePoint first_ping) : ping_at_(first_ping) {}

  TimePoint next_deadline() const { return std::min(ping_at_, silent_at_); }
  bool ping_is_due(TimePoint now) const { return now >= ping_at_; }
  /// A ping was not fetched in time, or not answered in time.
  bool is_silent(TimePoint now) const { return now >= silent_at_; }
  void give_time(TimePoint until) {
    if (silent_at_ != kNever) silent_at_ = std::max(silent_at_, until);
  }

  /// The due ping was queued, in front of everything that waits.
  void on_queued(const Times& times) {
    if (silent_at_ == kNever) silent_at_ = ping_at_ + times.timeout;
    ping_at_ = kNever;
  }
  /// Is a due ping still in the queue?
  bool waits() const { return ping_at_ == kNever; }

  /// Wants a receipt: that the pong to a ping confirms this marker. Markers rise.
  void want(std::uint32_t marker) { wanted_ = marker; }
  bool wants(std::uint32_t marker) const { return marker != 0 && wanted_ == marker; }
  /// True: queue a ping behind everything that waits. Its pong confirms the wanted marker. False while another ping
  /// waits or is out.
  bool take_wanted() {
    if (wanted_ == 0 || waits() || marker_ != 0 || pongs_due_ != 0) return false;
    marker_ = std::exchange(wanted_, 0);
    return true;
  }

  /// This many pings were written. A due ping leaves before a confirming one. True: the confirming ping is among them.
  bool on_written(unsigned pings, TimePoint now, const Times& times) {
    if (pings == 0) return false;
    if (pongs_due_ == 0) silent_at_ = now + times.timeout;
    pongs_due_ += pings;
    const bool confirms = pings > (waits() ? 1U : 0U);
    ping_at_ = now + times.interval;
    if (confirms) marker_pong_ = pongs_due_;
    return confirms;
  }

  /// The marker that this pong confirms; 0: none. A pong that comes before its ping was written confirms nothing.
  std::uint32_t on_pong(TimePoint now, const Times& times) {
    if (pongs_due_ == 0) return 0;
    --pongs_due_;
    silent_at_ = waits() || pongs_due_ != 0 ? now + times.timeout : kNever;
    if (silent_at_ == kNever) ping_at_ = now + times.interval;
    return marker_pong_ != 0 && --marker_pong_ == 0 ? std::exchange(marker_, 0) : 0;
  }

 private:
  TimePoint ping_at_;              ///< kNever: it waits in the queue
  TimePoint silent_at_ = kNever;   ///< kNever: no ping is out
  std::uint32_t wanted_ = 0;       ///< the marker for the next ping that confirms
  std::uint32_t marker_ = 0;       ///< of the one that waits or is out
  std::uint32_t pongs_due_ = 0;    ///< of pings that were written
  std::uint32_t marker_pong_ = 0;  ///< which of these confirms marker_; 0: its ping waits
};

}  // namespace signalbox::engineio
