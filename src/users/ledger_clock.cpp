#include "users/ledger_clock.hpp"

#include <algorithm>
#include <cstdlib>

namespace signalbox::users {

// No time is 0, also on a machine that begins in 1970: that stands for none.
LedgerClock::LedgerClock(Source source)
    : source_(source), begin_(std::max<WallMs>(1, source.wall()) - source.steady()) {}

Ages LedgerClock::ages() const {
  Ages ages(now());
  ages.start = start_;
  ages.younger = younger_.load(std::memory_order_relaxed);
  ages.clock_is_set = clock_is_set_.load(std::memory_order_relaxed);
  return ages;
}

WallMs LedgerClock::wall(LedgerMs time) const {
  const std::int64_t ahead = ahead_.load(std::memory_order_relaxed);
  if (time >= start_) return time + ahead;
  return std::min(time + ahead_at_start_, start_ + ahead);  // which may be known better by now
}

void LedgerClock::opened() {
  start_ = now();
  ahead_at_start_ = ahead();
  ahead_.store(ahead_at_start_, std::memory_order_relaxed);
  clock_is_set_.store(false, std::memory_order_relaxed);
}

LedgerMs LedgerClock::from_store(WallMs time) const {
  const LedgerMs before_start = std::max(WallMs{0}, time) - ahead_at_start_;
  if (before_start < start_) return std::max(LedgerMs{1}, before_start);
  return std::min(time - ahead_.load(std::memory_order_relaxed), now());
}

std::int64_t LedgerClock::look() {
  const std::int64_t before = ahead_.load(std::memory_order_relaxed), after = ahead();
  const bool jumped = std::abs(after - before) >= kDriftMs;
  if (jumped) ahead_.store(after, std::memory_order_relaxed);
  if (!clock_is_set_.load(std::memory_order_relaxed)) {
    // Put back, the clock was ahead at the start. Put forward, it was behind, and nothing was too old by it.
    if (jumped) younger_.store(std::max<LedgerMs>(0, ahead_at_start_ - after), std::memory_order_relaxed);
    if (now() - start_ >= kSettingMs) clock_is_set_.store(true, std::memory_order_relaxed);
  }
  return jumped ? after - before : 0;
}

}  // namespace signalbox::users
