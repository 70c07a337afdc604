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
/// An outcome that was put into this node's store, which can never take it.
struct Refused {
  users::RefusedOutcome outcome;
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

using Task = std::variant<Emitted, Changed, LoginBegun, LoginEnded, Offered, Refused, Received, Progressed>;

/// The bytes of what waits. The frames of events count whole, though others may have them too.
///
/// thread  one writes; bytes() any.
class ByteCount {
 public:
  template <class What>
  void add(const What& what) {
    set(bytes() + memory_of(what));
  }
  template <class What>
  void remove(const What& what) {
    set(bytes() - memory_of(what));
  }
  void reset() { set(0); }
  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  void set(std::size_t bytes) { bytes_.store(bytes, std::memory_order_relaxed); }
  template <class What>
  static std::size_t memory_of(const What& what) {
    std::size_t bytes = sizeof(Task);
    if constexpr (requires { what.user; }) bytes += what.user.size();
    if constexpr (requires { what.event; }) bytes += what.event->memory();
    return bytes;
  }

  std::atomic<std::size_t> bytes_{0};
};

/// What this node's threads leave for the cluster's, in its order.
///
/// thread  put() and bytes() any; take() the cluster's.
class Inbox {
 public:
  using Task = cluster::Task;

  /// What lies here. Whoever brings more events asks first whether that is too much; the rest is little, and must come.
  std::size_t bytes() const { return count_.bytes(); }
  /// True: nothing lay there, so that the thread is to be woken.
  [[nodiscard]] bool put(Task task) {
    const Lock lock(mutex_);
    std::visit([this](const auto& one) { count_.add(one); }, task);
    tasks_.push_back(std::move(task));
    return tasks_.size() == 1;
  }
  std::vector<Task> take() {
    const Lock lock(mutex_);
    count_.reset();
    return std::exchange(tasks_, {});
  }

 private:
  ByteCount count_;
  Mutex mutex_;  ///< emits and logins come from every thread at once, under their users' locks
  std::vector<Task> tasks_ SB_GUARDED_BY(mutex_);
};

}  // namespace signalbox::cluster
