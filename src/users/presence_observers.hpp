#pragma once
#include <string>
#include <utility>

#include "base/mutex.hpp"
#include "users/broadcasts.hpp"
#include "users/outcome_store.hpp"
#include "users/presence.hpp"

namespace signalbox::users {

/// Tells every socket but the user's own.
class BroadcastPresence final : public PresenceObserver {
 public:
  explicit BroadcastPresence(Broadcasts& broadcasts) : broadcasts_(broadcasts) {}
  void on_presence(const std::string& user, bool online) override;

 private:
  Broadcasts& broadcasts_;
};

/// Gathers who came and who went until the store is ready for it: a user counts once.
///
/// thread  any.
class StoredPresence final : public PresenceObserver {
 public:
  void open(OutcomeStore& store) { store_ = &store; }
  void on_presence(const std::string& user, bool online) override {
    if (!store_) return;
    const Lock lock(mutex_);
    changes_.insert_or_assign(user, online);
  }
  // Under the lock, so that the store has the changes in their order.
  void hand_over() {
    const Lock lock(mutex_);
    if (!changes_.empty()) store_->presence(std::exchange(changes_, {}));
  }

 private:
  OutcomeStore* store_ = nullptr;
  Mutex mutex_;  ///< whoever hands over is on another thread than who comes
  PresenceChanges changes_ SB_GUARDED_BY(mutex_);
};

}  // namespace signalbox::users
