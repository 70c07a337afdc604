#pragma once
#include <functional>
#include <thread>

namespace signalbox {

/// Starts a thread of the service. It gets no signals: these are the program's business and go to its own threads.
/// Throws std::runtime_error with a sentence if the system gives none.
std::thread service_thread(std::move_only_function<void()> run);

/// Is this one of them, of whichever service? It must not wait for the end of any: it may be its own, or one that waits
/// for it.
bool on_service_thread();

}  // namespace signalbox
