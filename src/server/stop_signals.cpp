#include "server/stop_signals.hpp"

#include <atomic>
#include <stdexcept>

namespace signalbox::server {
namespace {

// What a handler reaches; there is nothing else that it could.
std::atomic<int> target{-1};         // what a signal wakes
std::atomic<bool> signalled{false};  // one has come

void on_signal(int) {
  signalled.store(true);
  StopEvent::wake(target.load());
}

void on_hangup(int) {
  if (!signalled.exchange(true)) StopEvent::wake(target.load());
}

bool ends_the_program(int signal) {
  struct sigaction now{};
  return sigaction(signal, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL;
}

}  // namespace

StopSignals::StopSignals(const StopEvent& event) {
  int none = -1;
  if (!target.compare_exchange_strong(none, event.descriptor()))
    throw std::runtime_error("Another service of this process is in run() already: start() the others.");
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
}

}  // namespace signalbox::server
