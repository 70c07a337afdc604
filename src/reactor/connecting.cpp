#include "reactor/connecting.hpp"

#include <cerrno>
#include <utility>

namespace signalbox::reactor {

Connecting::Connecting(Kernel& kernel, const Destination& to, std::uint64_t token, TimePoint deadline)
    : kernel_(kernel), deadline_(deadline), fd_(kernel.begin_connect(to)) {
  if (fd_ < 0) {
    fail(-fd_);
  } else if (!kernel_.watch(fd_, token, Kernel::kWrite)) {
    fail(ENOSPC);
  }
}

Connecting::~Connecting() {
  if (fd_ >= 0) kernel_.close(fd_);
}

void Connecting::on_event() {
  if (!pending()) return;
  if (const int failed = kernel_.finish_connect(fd_)) return fail(-failed);
  kernel_.unwatch(fd_);
  connected_ = true;
}

void Connecting::on_timer(TimePoint now) {
  if (pending() && now >= deadline_) fail(ETIMEDOUT);
}

OwnedFd Connecting::take() {
  return OwnedFd(connected_ ? std::exchange(fd_, -1) : -1);
}

void Connecting::fail(int error) {
  error_ = error;
  if (fd_ >= 0) kernel_.close(fd_);
  fd_ = -1;
}

}  // namespace signalbox::reactor
