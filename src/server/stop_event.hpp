#pragma once
#include "base/clock.hpp"

namespace signalbox::server {

/// What a thread waits for that has nothing else to do than to end the service.
///
/// thread  waited on by one; wake() from any, and from a signal's handler.
class StopEvent {
 public:
  /// Throws std::system_error where there is no descriptor for it.
  StopEvent();
  ~StopEvent();
  StopEvent(const StopEvent&) = delete;
  StopEvent& operator=(const StopEvent&) = delete;

  /// Blocks until wake() is called, which ends one wait.
  void wait();
  /// The same for at most so long; true if it was called.
  bool wait_for(Milliseconds most);
  void wake() { wake(event_); }
  /// Was it called, and nobody has waited yet?
  bool pending() const;

  int descriptor() const { return event_; }
  /// wake() by the descriptor, which is all that a signal's handler may know.
  static void wake(int descriptor);

 private:
  int event_;
};

}  // namespace signalbox::server
