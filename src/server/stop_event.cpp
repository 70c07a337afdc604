#include "server/stop_event.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace signalbox::server {

StopEvent::StopEvent() : event_(::eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE)) {
  if (event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

StopEvent::~StopEvent() {
  ::close(event_);
}

void StopEvent::wait() {
  std::uint64_t count = 0;
  while (::read(event_, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

bool StopEvent::wait_for(Milliseconds most) {
  const TimePoint end = Clock::now() + most;
  pollfd one{.fd = event_, .events = POLLIN, .revents = 0};
  for (;;) {
    const auto left = std::max(Milliseconds{0}, std::chrono::ceil<Milliseconds>(end - Clock::now()));
    const int ready = ::poll(&one, 1, static_cast<int>(left.count()));
    if (ready == 0) return false;
    if (ready > 0) return wait(), true;
  }
}

bool StopEvent::pending() const {
  pollfd one{.fd = event_, .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, 0) > 0;
}

void StopEvent::wake(int descriptor) {
  const int kept = errno;
  const std::uint64_t one = 1;
  static_cast<void>(!::write(descriptor, &one, sizeof one));
  errno = kept;
}

}  // namespace signalbox::server
