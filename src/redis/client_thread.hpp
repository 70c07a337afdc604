#pragma once
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/service_thread.hpp"
#include "reactor/loop.hpp"
#include "reactor/part.hpp"
#include "redis/client.hpp"

namespace signalbox::redis {

/// A thread that turns a loop with some clients, and with other parts.
///
/// thread  post() any; the rest the owner's. Clients, their observers and the parts live on the thread itself.
class ClientThread final : reactor::Wheel {
 public:
  ClientThread();
  ~ClientThread();
  ClientThread(const ClientThread&) = delete;
  ClientThread& operator=(const ClientThread&) = delete;

  /// Before start(). The observer outlives stop().
  Client& add(ClientOptions options, Client::Observer& observer);
  /// Before start(). The part outlives stop(). Events whose token's upper half is the number that this returns are its
  /// own.
  std::uint32_t add(reactor::Part& part);
  /// Throws std::runtime_error with a sentence if there is no thread to be had.
  void start();
  /// Ends the clients and waits for the thread; not from it.
  void stop();
  /// Runs it on the thread, where the clients may be used. False: it has stopped.
  [[nodiscard]] bool post(std::move_only_function<void()> task);
  reactor::Loop& loop() { return loop_; }

 private:
  TimePoint next_deadline() override;
  void on_events(std::span<const reactor::KernelEvent> events) override;
  void end_turn() override;

  reactor::Loops loops_;
  reactor::Loop loop_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<reactor::Part*> parts_;  ///< by the upper half of their tokens: the clients among them
  bool stopped_ = false;               ///< the thread's
  std::thread thread_;
};

}  // namespace signalbox::redis
