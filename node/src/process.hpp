#pragma once
#include <cstddef>
#include <memory>
#include <mutex>

#include "engine.hpp"
#include "listeners.hpp"

namespace signalbox::node {

/// The one engine of a process, and the environments that have it loaded. The last one to leave stops it.
///
/// thread  any.
class Process {
 public:
  static Process& instance();

  void enter();
  void leave();
  Listeners& listeners() { return listeners_; }

  /// Throws ConfigError, StartError, and std::logic_error where one runs already.
  std::shared_ptr<Engine> start(Config config, const Engine::Options& options);
  /// Null: none runs.
  std::shared_ptr<Engine> current();

 private:
  std::mutex mutex_;  ///< environments start, use and leave it from their threads
  std::size_t environments_ = 0;
  std::shared_ptr<Engine> engine_;
  Listeners listeners_;
};

}  // namespace signalbox::node
