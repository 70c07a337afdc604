#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>

namespace signalbox::node {

/// Which outcomes are on the disk. JavaScript is told of those that somebody awaits, and of each that fails.
///
/// thread  any.
class Durability {
 public:
  static constexpr std::size_t kRemembered = 10'000;  ///< failures, for those who ask late

  /// Names an outcome that is about to be emitted. Numbers begin at 1.
  std::uint64_t begin() {
    const std::scoped_lock lock(mutex_);
    waiting_.emplace_hint(waiting_.end(), ++newest_, false);
    return newest_;
  }
  /// It was not taken.
  void forget(std::uint64_t outcome) {
    const std::scoped_lock lock(mutex_);
    waiting_.erase(outcome);
  }
  /// True: JavaScript is to be told.
  bool finish(std::uint64_t outcome, bool durable) {
    const std::scoped_lock lock(mutex_);
    const auto found = waiting_.find(outcome);
    const bool awaited = found != waiting_.end() && found->second;
    if (found != waiting_.end()) waiting_.erase(found);
    if (!durable && !awaited) {
      failed_.insert(outcome);
      if (failed_.size() > kRemembered) failed_.erase(failed_.begin());
    }
    return awaited || !durable;
  }
  /// Is it durable? Nothing: finish() will say that it was awaited.
  std::optional<bool> ask(std::uint64_t outcome) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = waiting_.find(outcome); found != waiting_.end()) {
      found->second = true;
      return std::nullopt;
    }
    return !failed_.contains(outcome);
  }

 private:
  std::mutex mutex_;  ///< the store's thread finishes what JavaScript's begins
  std::uint64_t newest_ = 0;
  std::map<std::uint64_t, bool> waiting_;  ///< is it awaited?
  std::set<std::uint64_t> failed_;
};

}  // namespace signalbox::node
