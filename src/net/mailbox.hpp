#pragma once
#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/message.hpp"
#include "base/mutex.hpp"

namespace signalbox::net {

/// What other threads have for a shard. Whoever may be refused asks has_room() first; what is put is then always taken,
/// or an event for many sockets could end half delivered. Several who ask at once pass the bound by what they have in
/// hand.
///
/// thread  put() and has_room() any; the rest its shard's.
class Mailbox {
 public:
  enum class Put { closed, added, added_to_empty };

  explicit Mailbox(std::size_t limit) : limit_(limit) {}

  Put put(Message&& message) {
    const Lock lock(mutex_);
    if (closed_) return Put::closed;
    const bool was_empty = messages_.empty();
    messages_.push_back(std::move(message));
    put_.store(put_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return was_empty ? Put::added_to_empty : Put::added;
  }
  bool has_room(std::size_t count) const {
    // Handled first: of what is put meanwhile we may see too much, never too little.
    const std::size_t handled = handled_.load(std::memory_order_acquire);
    return put_.load(std::memory_order_relaxed) - handled + count <= limit_;
  }

  /// Has something been put that is not handled? Sees at least all that happened before this call.
  bool waits() const { return put_.load(std::memory_order_relaxed) != handled_.load(std::memory_order_relaxed); }

  /// Moves what waits into `out`, which must be empty. Each message counts until handled() is said of it.
  void take(std::vector<Message>& out) {
    const Lock lock(mutex_);
    std::swap(messages_, out);
  }
  void handled() { handled_.store(handled_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
  bool empty() const {
    const Lock lock(mutex_);
    return messages_.empty();
  }
  /// From here everything is refused; what waited is destroyed (outside the lock, since a task may own anything).
  void close() {
    std::vector<Message> dropped;
    const Lock lock(mutex_);
    closed_ = true;
    std::swap(messages_, dropped);
  }

 private:
  const std::size_t limit_;
  // Two counts instead of one: each has one writer at a time and so costs no locked instruction.
  std::atomic<std::size_t> put_{0};      ///< written under the lock
  std::atomic<std::size_t> handled_{0};  ///< written by the shard
  mutable Mutex mutex_;                  ///< posters are on any thread
  std::vector<Message> messages_ SB_GUARDED_BY(mutex_);
  bool closed_ SB_GUARDED_BY(mutex_) = false;
};

}  // namespace signalbox::net
