#include "server/stop_signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <system_error>

namespace signalbox::server {
namespace {

std::atomic<int> target{-1};  // what a signal writes to; a handler can reach nothing else

void wake_up(int event) {
  const int kept = errno;
  const std::uint64_t one = 1;
  static_cast<void>(!::write(event, &one, sizeof one));
  errno = kept;
}

void on_signal(int) {
  wake_up(target.load());
}

}  // namespace

StopSignals::StopSignals() : event_(::eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE)) {
  if (event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  int none = -1;
  if (!target.compare_exchange_strong(none, event_)) {
    ::close(event_);
    throw std::runtime_error("Another service of this process is in run() already: start() the others.");
  }
  struct sigaction action{};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &before_int_);
  sigaction(SIGTERM, &action, &before_term_);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &before_int_, nullptr);
  sigaction(SIGTERM, &before_term_, nullptr);
  target.store(-1);
  ::close(event_);
}

void StopSignals::wait() {
  std::uint64_t count = 0;
  while (::read(event_, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

bool StopSignals::wait_for(Milliseconds most) {
  const TimePoint end = Clock::now() + most;
  pollfd one{.fd = event_, .events = POLLIN, .revents = 0};
  for (;;) {
    const auto left = std::max(Milliseconds{0}, std::chrono::ceil<Milliseconds>(end - Clock::now()));
    const int ready = ::poll(&one, 1, static_cast<int>(left.count()));
    if (ready == 0) return false;
    if (ready > 0) return wait(), true;
  }
}

void StopSignals::wake() {
  wake_up(event_);
}

}  // namespace signalbox::server
