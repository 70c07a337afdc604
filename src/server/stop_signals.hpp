#pragma once
#include <signal.h>

#include "base/clock.hpp"

namespace signalbox::server {

/// While it lives, SIGINT and SIGTERM end wait() and not the program; then what was there before is back.
/// A handler and not a blocked mask: any thread of the program may be the one that gets the signal.
///
/// thread  made, waited on and destroyed by one thread; wake() from any. One at a time in a process.
class StopSignals {
 public:
  /// Throws std::runtime_error if there is one already.
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Blocks until a signal comes or wake() is called; each of them ends one wait.
  void wait();
  /// The same for at most so long; true if one came.
  bool wait_for(Milliseconds most);
  void wake();

 private:
  int event_ = -1;
  struct sigaction before_int_{};
  struct sigaction before_term_{};
};

}  // namespace signalbox::server
