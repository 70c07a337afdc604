#pragma once
#include <atomic>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/frame.hpp"
#include "base/mutex.hpp"
#include "users/other_nodes.hpp"
#include "users/outcome_store.hpp"

namespace signalbox::cluster {

/// An event that this node was given, for other nodes.
struct Emitted {
  std::string user;  ///< empty: for everybody
  FrameRef event;
  users::Row row = 0;  ///< of an outcome in this node's store
};
/// Sockets of a user have come or gone here.
struct Changed {
  std::string user;
};
struct LoginBegun {
  std::string user;
  unsigned shard;
  users::OtherNodes::Then then;
  bool late = false;  ///< Redis has not answered in time: nothing more is asked of it
};
struct LoginEnded {
  std::string user;
};

/// An outcome that was put into this node's store.
struct Offered {
  std::string user;
  FrameRef event;
  users::WallMs time;
  users::Row row;
  users::Row replaces;
  users::CommitGroup group;
};
/// A user has received these outcomes here.
struct Received {
  std::string user;
  std::vector<users::Row> rows;
  users::WallMs at;
};
/// A job of that user makes progress.
struct Progressed {
  std::string user, job_id;
};

/// What this node's threads leave for the cluster's, in its order.
///
/// thread  put() and has_room() any; take() the cluster's.
class Inbox {
 public:
  using Task = std::variant<Emitted, Changed, LoginBegun, LoginEnded, Offered, Received, Progressed>;

  /// Beyond `most` bytes of events there is no room for more.
  explicit Inbox(std::size_t most) : most_(most) {}

  bool has_room() const { return bytes_.load(std::memory_order_relaxed) < most_; }
  /// True: nothing lay there, so that the thread is to be woken.
  [[nodiscard]] bool put(Task task) {
    if (const auto* emitted = std::get_if<Emitted>(&task))
      bytes_.fetch_add(emitted->event->memory(), std::memory_order_relaxed);
    const Lock lock(mutex_);
    tasks_.push_back(std::move(task));
    return tasks_.size() == 1;
  }
  std::vector<Task> take() {
    const Lock lock(mutex_);
    bytes_.store(0, std::memory_order_relaxed);
    return std::exchange(tasks_, {});
  }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> bytes_{0};
  Mutex mutex_;  ///< emits and logins come from every thread at once, under their users' locks
  std::vector<Task> tasks_ SB_GUARDED_BY(mutex_);
};

}  // namespace signalbox::cluster
