#include "base/service_thread.hpp"

#include <signal.h>

#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "base/log.hpp"

namespace signalbox {
namespace {

thread_local bool of_service = false;

/// What a thread starts with: the signals that are blocked here.
class AllBlocked {
 public:
  AllBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllBlocked(const AllBlocked&) = delete;
  AllBlocked& operator=(const AllBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

std::thread service_thread(std::move_only_function<void()> run) {
  const AllBlocked while_it_starts;
  try {
    return std::thread([run = std::move(run), log = log::current()]() mutable {
      const log::Use own(log);
      of_service = true;
      run();
    });
  } catch (const std::system_error& error) {
    throw std::runtime_error("no further thread can be started: " + std::string(error.code().message()) +
                             "; raise the limit of processes (ulimit -u, or that of the container)");
  }
}

bool on_service_thread() {
  return of_service;
}

ServiceWork::ServiceWork() : before_(std::exchange(of_service, true)) {}

ServiceWork::~ServiceWork() {
  of_service = before_;
}

}  // namespace signalbox
