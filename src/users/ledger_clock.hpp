#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>

#include "base/clock.hpp"

namespace signalbox::users {

/// Unix time in milliseconds by the wall clock, which somebody may set at any time. In the store, and for clients.
using WallMs = std::int64_t;
/// Milliseconds by a LedgerClock. What is kept has its times by it.
using LedgerMs = std::int64_t;

/// How old what is kept is at one moment. Pure.
struct Ages {
  explicit(false) Ages(LedgerMs at) : now(at) {}

  LedgerMs now;
  LedgerMs start = std::numeric_limits<LedgerMs>::min();  ///< what is older comes from the store
  LedgerMs younger = 0;                                   ///< by so much is that younger than its time says
  bool clock_is_set = true;                               ///< may unread outcomes from the store end?

  bool from_store(LedgerMs time) const { return time < start; }
  /// What comes from the store is as old as the process at least.
  LedgerMs of(LedgerMs time) const {
    return from_store(time) ? std::max(now - time - younger, now - start) : now - time;
  }
  bool ends(LedgerMs time, bool unread, LedgerMs most) const {
    return of(time) >= most && (clock_is_set || !unread || !from_store(time));
  }
};

/// The clock by which what is kept grows old. It begins as the wall clock and goes on as the steady one: to set the
/// wall clock ends nothing. What comes from the store is as old as the wall clock says at the start, as the time
/// without a process counts; a machine whose clock is set only after that has ten minutes for it.
///
/// thread  any; opened() before the others, look() by one.
class LedgerClock {
 public:
  struct Source {
    WallMs (*wall)() = coarse_unix_ms;
    std::int64_t (*steady)() = coarse_steady_ms;
  };
  explicit LedgerClock(Source source);

  LedgerMs now() const { return begin_ + source_.steady(); }
  Ages ages() const;
  /// What the wall clock says of that moment.
  WallMs wall(LedgerMs time) const;
  /// From now on times are taken from the store.
  void opened();
  /// A time that the store has; one in the future is now.
  LedgerMs from_store(WallMs time) const;
  /// Once a second: by how much the wall clock has jumped; 0 if it has not.
  std::int64_t look();

  static constexpr LedgerMs kSettingMs = 10 * 60 * 1000;  ///< how long the clock may be set after a start
  /// What the two clocks drift apart is not worth that the times that were told change.
  static constexpr std::int64_t kDriftMs = 1000;

 private:
  std::int64_t ahead() const { return source_.wall() - now(); }

  const Source source_;
  const LedgerMs begin_;  ///< at the steady clock's zero
  LedgerMs start_ = std::numeric_limits<LedgerMs>::min();
  std::int64_t ahead_at_start_ = 0;
  std::atomic<std::int64_t> ahead_{0};  ///< the wall clock, of this one
  std::atomic<LedgerMs> younger_{0};
  std::atomic<bool> clock_is_set_{true};
};

}  // namespace signalbox::users
