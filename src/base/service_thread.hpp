#pragma once
#include <functional>
#include <thread>

namespace signalbox {

/// Starts a thread of the service, with the log of this thread. It gets no signals: these are the program's business
/// and go to its own threads. Throws std::runtime_error with a sentence if the system gives none.
std::thread service_thread(std::move_only_function<void()> run);

/// Is this a thread of any service, or one that does a service's work? It must not wait for the end of such a thread,
/// which may be itself or wait for it.
bool on_service_thread();

/// While it lives, a thread of the program does the service's work, in which the application may be called.
class ServiceWork {
 public:
  ServiceWork();
  ~ServiceWork();
  ServiceWork(const ServiceWork&) = delete;
  ServiceWork& operator=(const ServiceWork&) = delete;

 private:
  const bool before_;
};

}  // namespace signalbox
