#pragma once
#include <signal.h>

#include <vector>

#include "server/stop_event.hpp"

namespace signalbox::server {

/// While it lives, SIGINT, SIGTERM and SIGHUP wake the event and do not end the program; then what was there before is
/// back. SIGHUP only where it would have ended the program, and only as the first: a terminal that hangs up and its
/// shell send one each. A handler and not a blocked mask: any thread of the program may be the one that gets the
/// signal.
///
/// thread  made and destroyed by one. One at a time in a process.
class StopSignals {
 public:
  /// Throws std::runtime_error if there is one already.
  explicit StopSignals(const StopEvent& event);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  struct Taken {
    int signal;
    struct sigaction before;
  };

  void take(int signal, void (*handler)(int));

  std::vector<Taken> taken_;
};

}  // namespace signalbox::server
