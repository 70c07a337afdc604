#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/message.hpp"
#include "base/mutex.hpp"

namespace signalbox::reactor {

/// The messages of other threads for a loop. A caller that may be refused asks has_room() first; put() then takes every
/// message, or an event for many sockets could end half delivered. Callers that ask at the same time can pass the bound
/// by what they put.
///
/// A message that is put `later` waits for announce(), so that the loop takes it together with those that follow. Many
/// of them, or one that is not put `later`, end the wait.
///
/// thread  put(), announce() and has_room() any; the rest its loop's.
class Mailbox {
 public:
  enum class Put {
    closed,
    added,
    announced,  ///< the first that its loop is to know of: it may have to be woken
  };

  explicit Mailbox(std::size_t limit) : limit_(limit), much_(std::min(kMuch, limit / 2)) {}

  Put put(Message&& message, bool later = false) {
    return put(std::move(message), later, [] { return kNever; });
  }
  /// `now` is asked when the message is the first event that the loop has not taken.
  template <class Now>
  Put put(Message&& message, bool later, Now now) {
    const Lock lock(mutex_);
    if (closed_) return Put::closed;
    if (oldest_ == kNever && message.kind != Message::Kind::task) oldest_ = now();
    messages_.push_back(std::move(message));
    // The loop has read this memory last, on another core.
    if (messages_.size() + kAhead < messages_.capacity())
      __builtin_prefetch(messages_.data() + messages_.size() + kAhead, 1);
    put_.store(put_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (announced_ || (later && messages_.size() < much_)) return Put::added;
    announced_ = true;
    return Put::announced;
  }
  /// What was put `later` need not wait any longer. True: the loop did not know of it.
  bool announce() {
    const Lock lock(mutex_);
    return !messages_.empty() && !std::exchange(announced_, true);
  }
  bool has_room(std::size_t count) const {
    // The count of handled messages is read first: of those put meanwhile we may see too many, never too few.
    const std::size_t handled = handled_.load(std::memory_order_acquire);
    return put_.load(std::memory_order_relaxed) - handled + count <= limit_;
  }

  /// Has something been put that is not handled? Sees at least all that happened before this call.
  bool waits() const { return put_.load(std::memory_order_relaxed) != handled_.load(std::memory_order_relaxed); }

  /// Moves all that is here into `out`, which must be empty, if something was announced. Each message counts until
  /// handled() is said of it. Returns when the first event among them was put; kNever: there is none.
  TimePoint take(std::vector<Message>& out) {
    const Lock lock(mutex_);
    if (!std::exchange(announced_, false)) return kNever;
    std::swap(messages_, out);
    return std::exchange(oldest_, kNever);
  }
  void handled(std::size_t count = 1) {
    handled_.store(handled_.load(std::memory_order_relaxed) + count, std::memory_order_release);
  }
  bool announced() const {
    const Lock lock(mutex_);
    return announced_;
  }
  /// From here everything is refused; what waited is destroyed (outside the lock, since a task may own anything).
  void close() {
    std::vector<Message> dropped;
    const Lock lock(mutex_);
    closed_ = true;
    announced_ = false;
    std::swap(messages_, dropped);
  }

 private:
  static constexpr std::size_t kMuch = 65'536;
  static constexpr std::size_t kAhead = 16;

  const std::size_t limit_;
  const std::size_t much_;  ///< so many end the wait of those that are put later
  // Two counts instead of one: each has one writer at a time and so costs no locked instruction, and its own cache
  // line, or posters and the loop would wait for each other.
  alignas(64) std::atomic<std::size_t> handled_{0};  ///< written by the loop
  alignas(64) std::atomic<std::size_t> put_{0};      ///< written under the lock
  mutable Mutex mutex_;                              ///< posters are on any thread
  std::vector<Message> messages_ SB_GUARDED_BY(mutex_);
  TimePoint oldest_ SB_GUARDED_BY(mutex_) = kNever;
  bool announced_ SB_GUARDED_BY(mutex_) = false;
  bool closed_ SB_GUARDED_BY(mutex_) = false;
};

}  // namespace signalbox::reactor
