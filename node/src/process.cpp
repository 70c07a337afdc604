#include "process.hpp"

#include <stdexcept>
#include <utility>

namespace signalbox::node {

// Never destroyed: a thread of Node's may end behind the C++ library's own end.
Process& Process::instance() {
  static auto* const process = new Process;
  return *process;
}

void Process::enter() {
  const std::scoped_lock lock(mutex_);
  ++environments_;
}

void Process::leave() {
  std::shared_ptr<Engine> last;
  {
    const std::scoped_lock lock(mutex_);
    if (--environments_ == 0) last = std::exchange(engine_, nullptr);
  }
  if (last) last->stop();
}

std::shared_ptr<Engine> Process::start(Config config, const Engine::Options& options) {
  std::shared_ptr<Engine> before;  // destroyed under no lock
  const std::scoped_lock lock(mutex_);
  if (engine_ && !engine_->closed())
    throw std::logic_error("Signalbox runs already in this process: await close() first, or use getIO().");
  before = std::exchange(engine_, nullptr);
  engine_ = std::make_shared<Engine>(std::move(config), options, listeners_);
  return engine_;
}

std::shared_ptr<Engine> Process::current() {
  const std::scoped_lock lock(mutex_);
  return engine_ && !engine_->closed() ? engine_ : nullptr;
}

}  // namespace signalbox::node
