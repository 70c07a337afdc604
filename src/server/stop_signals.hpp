#pragma once
#include <signal.h>

#include <vector>

#include "base/clock.hpp"

namespace signalbox::server {

/// While it lives, SIGINT, SIGTERM and SIGHUP end wait() and not the program; then what was there before is back.
/// SIGHUP only where it would have ended the program, and only as the first: a terminal that hangs up and its shell
/// send one each. A handler and not a blocked mask: any thread of the program may be the one that gets the signal.
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
  /// Has one come for which nobody has waited yet?
  bool pending() const;

 private:
  struct Taken {
    int signal;
    struct sigaction before;
  };

  void take(int signal, void (*handler)(int));

  int event_ = -1;
  std::vector<Taken> taken_;
};

}  // namespace signalbox::server
