#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <signalbox/config.hpp>

#include "queue/bridge.hpp"
#include "queue/source.hpp"
#include "redis/client_thread.hpp"
#include "server/hub_sockets.hpp"

namespace signalbox::server {

/// The queues whose jobs are told without a line of code, and the thread on which they are read.
///
/// thread  any.
class Queues {
 public:
  using Rows = std::vector<queue::QueueStatus>;

  /// Null: no queue is named. `node`: this one, among all. Throws ConfigError.
  static std::unique_ptr<Queues> create(const Config& config, hub::Hub& hub, const std::string& node);

  Queues(const Config& config, hub::Hub& hub);
  Queues(const Queues&) = delete;
  Queues& operator=(const Queues&) = delete;
  ~Queues() { stop(); }

  /// Throws std::runtime_error if there is no thread to be had.
  void start();
  /// Others may go on; ends the thread.
  void stop();
  /// Calls back on the queues' thread, unless that has stopped.
  void status(std::move_only_function<void(const Rows&)> then);

 private:
  redis::ClientThread thread_;
  queue::Bridge bridge_;
  HubSockets sockets_;
  std::vector<std::unique_ptr<queue::Source>> sources_;
  bool started_ = false;
};

}  // namespace signalbox::server
