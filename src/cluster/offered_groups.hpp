#pragma once
#include <cstddef>
#include <functional>
#include <unordered_map>
#include <utility>

#include "base/mutex.hpp"
#include "users/outcome_store.hpp"

namespace signalbox::cluster {

/// Which outcomes that somebody waits for are on their way to Redis.
///
/// thread  any.
class OfferedGroups {
 public:
  using Then = std::move_only_function<void(bool room)>;  ///< `room`: was there, for each of them?
  using CallBack = std::function<void(std::move_only_function<void()>)>;

  /// `call_back`: calls elsewhere, since whoever waits may take its time, and Redis' answers come on one thread.
  explicit OfferedGroups(CallBack call_back) : call_back_(std::move(call_back)) {}

  void begin(users::CommitGroup group) {
    if (group == 0) return;
    const Lock lock(mutex_);
    if (!ended_) ++groups_[group].left;
  }
  void end(users::CommitGroup group, bool had_room = true) {
    if (group == 0) return;
    Then then;
    bool room = true;
    {
      const Lock lock(mutex_);
      const auto at = groups_.find(group);
      if (at == groups_.end()) return;
      room = at->second.room = at->second.room && had_room;
      if (--at->second.left != 0) return;
      then = std::move(at->second.then);
      if (then) groups_.erase(at);
    }
    if (then) call_back_([then = std::move(then), room]() mutable { then(room); });
  }
  /// Once for each group, when nothing more begins in it: calls back when all of it has ended, here if it has.
  void when_ended(users::CommitGroup group, Then then) {
    bool room = true;
    {
      const Lock lock(mutex_);
      const auto at = groups_.find(group);
      if (at != groups_.end() && at->second.left != 0) {
        at->second.then = std::move(then);
        return;
      }
      if (at != groups_.end()) {
        room = at->second.room;
        groups_.erase(at);
      }
    }
    then(room);
  }
  /// Nothing is on its way any more, nor will be.
  void end_all() {
    std::unordered_map<users::CommitGroup, Group> all;
    {
      const Lock lock(mutex_);
      ended_ = true;
      all.swap(groups_);
    }
    for (auto& [group, each] : all) {
      if (each.then) each.then(each.room);
    }
  }

 private:
  struct Group {
    std::size_t left = 0;
    bool room = true;
    Then then{};
  };
  const CallBack call_back_;
  Mutex mutex_;  ///< outcomes are put by every thread, and Redis answers on one
  std::unordered_map<users::CommitGroup, Group> groups_ SB_GUARDED_BY(mutex_);
  bool ended_ SB_GUARDED_BY(mutex_) = false;
};

}  // namespace signalbox::cluster
