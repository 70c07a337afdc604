#pragma once
#include "base/clock.hpp"
#include "reactor/kernel.hpp"

namespace signalbox::reactor {

/// One of several that share a loop and its turns. thread: its loop's.
class Part {
 public:
  /// When a turn is wanted although nothing has come; at once if that time is over.
  virtual TimePoint next_deadline() const = 0;
  virtual void on_event(const KernelEvent& event) = 0;
  virtual void on_timer() = 0;  ///< in each turn, behind its events
  virtual void flush() = 0;     ///< the end of each turn: what is to be written is written now

 protected:
  ~Part() = default;
};

}  // namespace signalbox::reactor
