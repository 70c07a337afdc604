#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/clock.hpp"

namespace signalbox::reactor {

/// The deadline of an object in its table, as the heap keeps it.
struct TimerEntry {
  TimePoint deadline;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

/// Deadlines. Each object has at most one entry that counts (the one equal to its `armed`); when a deadline
/// moves back the entry stays and is re-armed when it comes up, so that most changes cost nothing. Entries of objects
/// that have gone stay too, until they outweigh the others.
///
/// thread  its owner's.
class Timers {
 public:
  /// Notes that an object has a deadline; `armed` is the object's own memory of its earliest entry.
  void arm(TimerEntry entry, TimePoint& armed) {
    if (entry.deadline >= armed) return;
    if (armed == kNever) ++armed_;
    armed = entry.deadline;
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  /// The object goes, or its entry has come up.
  void disarm(TimePoint& armed) {
    if (armed != kNever) --armed_;
    armed = kNever;
  }
  /// Objects that have an entry.
  std::size_t armed() const { return armed_; }

  bool mostly_stale() const { return heap_.size() > 2 * armed() + kMaxStale; }
  template <class Counts>
  void drop_stale(Counts counts) {
    std::erase_if(heap_, [&counts](const TimerEntry& entry) { return !counts(entry); });
    std::make_heap(heap_.begin(), heap_.end(), later);
    heap_.shrink_to_fit();
  }

  TimePoint next() const { return heap_.empty() ? kNever : heap_.front().deadline; }
  bool due(TimePoint now) const { return !heap_.empty() && heap_.front().deadline <= now; }
  TimerEntry pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const TimerEntry entry = heap_.back();
    heap_.pop_back();
    return entry;
  }
  std::size_t size() const { return heap_.size(); }

 private:
  static constexpr std::size_t kMaxStale = 1024;
  static bool later(const TimerEntry& a, const TimerEntry& b) { return a.deadline > b.deadline; }
  std::size_t armed_ = 0;
  std::vector<TimerEntry> heap_;
};

}  // namespace signalbox::reactor
