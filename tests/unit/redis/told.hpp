#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <utility>

#include "base/clock.hpp"

namespace signalbox::redis::test {

/// What another thread tells, in its order, for a test that waits for it.
///
/// thread  any.
class Told {
 public:
  void add(std::string what) {
    const std::lock_guard lock(mutex_);
    told_.push_back(std::move(what));
    changed_.notify_one();
  }
  /// "nothing" if nothing comes.
  std::string next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [this] { return !told_.empty(); })) return "nothing";
    std::string out = std::move(told_.front());
    told_.pop_front();
    return out;
  }
  bool empty() {
    const std::lock_guard lock(mutex_);
    return told_.empty();
  }

 private:
  static constexpr Milliseconds kPatience{20'000};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> told_;
};

}  // namespace signalbox::redis::test
