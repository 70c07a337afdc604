#pragma once
#include <cstdint>

#include "base/clock.hpp"
#include "reactor/destination.hpp"
#include "reactor/kernel.hpp"

namespace signalbox::reactor {

/// A connection that is being made: until it is made, has failed, or its time is over. It may fail as soon as it is
/// begun.
///
/// thread  its loop's. Closes the descriptor, unless that was taken.
class Connecting {
 public:
  /// `token` names it in the loop's events; `deadline`: it fails with ETIMEDOUT then.
  Connecting(Kernel& kernel, const Destination& to, std::uint64_t token, TimePoint deadline);
  ~Connecting();
  Connecting(const Connecting&) = delete;
  Connecting& operator=(const Connecting&) = delete;

  /// Neither made nor failed.
  bool pending() const { return fd_ >= 0 && !connected_; }
  bool connected() const { return connected_; }
  int error() const { return error_; }  ///< errno; 0: it has not failed
  TimePoint next_deadline() const { return pending() ? deadline_ : kNever; }

  /// An event of its token.
  void on_event();
  void on_timer(TimePoint now);
  /// The descriptor, once connected(); nobody watches it any more.
  OwnedFd take();

 private:
  void fail(int error);

  Kernel& kernel_;
  const TimePoint deadline_;
  int fd_ = -1;
  int error_ = 0;
  bool connected_ = false;
};

}  // namespace signalbox::reactor
