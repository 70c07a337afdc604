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

// What a handler reaches; there is nothing else that it could.
std::atomic<int> target{-1};         // what a signal writes to
std::atomic<bool> signalled{false};  // one has come

void wake_up(int event) {
  const int kept = errno;
  const std::uint64_t one = 1;
  static_cast<void>(!::write(event, &one, sizeof one));
  errno = kept;
}

void on_signal(int) {
  signalled.store(true);
  wake_up(target.load());
}

void on_hangup(int) {
  if (!signalled.exchange(true)) wake_up(target.load());
}

bool ends_the_program(int signal) {
  struct sigaction now{};
  return sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL;
}

}  // namespace

StopSignals::StopSignals() : event_(::eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE)) {
  if (event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  int none = -1;
  if (!target.compare_exchange_strong(none, event_)) {
    ::close(event_);
    throw std::runtime_error("Another service of this process is in run() already: start() the others.");
  }
  signalled.store(false);
  take(SIGINT, on_signal);
  take(SIGTERM, on_signal);
  if (ends_the_program(SIGHUP)) take(SIGHUP, on_hangup);
}

void StopSignals::take(int signal, void (*handler)(int)) {
  struct sigaction action{}, before{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, &before);
  taken_.push_back({signal, before});
}

StopSignals::~StopSignals() {
  for (const auto& [signal, before] : taken_) sigaction(signal, &before, nullptr);
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

bool StopSignals::pending() const {
  pollfd one{.fd = event_, .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, 0) > 0;
}

void StopSignals::wake() {
  wake_up(event_);
}

}  // namespace signalbox::server
