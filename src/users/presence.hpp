#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/message.hpp"
#include "base/mutex.hpp"
#include "users/stripes.hpp"

namespace signalbox::users {

/// Hears of a user's first socket, and of the end of the grace after the last one: under no lock, in order, one call at
/// a time.
class PresenceObserver {
 public:
  virtual void on_presence(const std::string& user, bool online) = 0;

 protected:
  ~PresenceObserver() = default;
};

struct PresenceOptions {
  Milliseconds grace;
  Milliseconds restart_grace;  ///< for those who were online before the start
};

/// Who is online: with a socket, or in the grace after the last one.
///
/// thread  any; next_deadline() and on_timer() shard 0.
class Presence {
 public:
  Presence(Stripes& users, Mailboxes& mailboxes, const PresenceOptions& options);

  // Before any other call. With other nodes what is so on all of them is told by announce().
  void observe(PresenceObserver& observer) { observers_.push_back(&observer); }
  /// It hears of this node's users alone.
  void observe_here(PresenceObserver& observer) { observers_here_.push_back(&observer); }
  /// These were online before the start: they are so still, for a grace.
  void open(const std::vector<std::string>& were_online, TimePoint now);

  // Under the lock of the user's stripe; tell() is to follow when it is free.
  void came(Stripe& stripe, User& user) SB_REQUIRES(stripe.mutex);
  void went(Stripe& stripe, User& user, TimePoint now) SB_REQUIRES(stripe.mutex);
  void tell() noexcept;

  // Of other nodes: on one thread, which has this from all of them.
  /// What they have of a user from now on.
  void set_elsewhere(std::string_view user, bool has, bool online, std::uint32_t connections);
  /// Somebody is online on a first node, or on none any more.
  void announce(const std::string& user, bool online) noexcept;

  bool online(std::string_view user) const;
  std::size_t online_count() const { return online_count_.load(std::memory_order_relaxed); }
  std::vector<std::string> online_users() const;  ///< sorted
  /// How far a walk over all users has come: some 250 of them a step, so that no stripe is locked for long.
  struct Walk {
    std::size_t stripe = 0;
    std::uint32_t piece = 0;
    std::uint32_t pieces = 0;  ///< of that stripe; 0: to be seen
    bool over() const { return stripe == Stripes::kCount; }
  };
  /// One step: visits who is online in the next piece, under the stripe's lock. How many users were looked at. Who is
  /// online from the walk's beginning to its end is visited once.
  std::size_t walk(Walk& walk, const std::function<void(const std::string& user)>& visit) const;

  /// The server ends: nobody goes offline any more, for those whose sockets it closes will be back.
  void hold() { held_.store(true); }

  /// The earliest end of a grace.
  TimePoint next_deadline() const {
    return TimePoint(TimePoint::duration(next_deadline_.load(std::memory_order_relaxed)));
  }
  void on_timer(TimePoint now);

 private:
  struct Transition {
    std::string user;
    bool online;
  };
  void set(Stripe& stripe, User& user, bool online) SB_REQUIRES(stripe.mutex);
  void count(bool online);
  void arm(TimePoint deadline);
  void end_graces(Stripe& stripe, TimePoint now, std::size_t& left);

  Stripes& users_;
  Mailboxes& mailboxes_;
  const PresenceOptions options_;
  std::vector<PresenceObserver*> observers_, observers_here_;  ///< constant once anybody is online
  std::atomic<std::size_t> online_count_{0};
  std::atomic<TimePoint::rep> next_deadline_;
  std::atomic<bool> held_{false};
  Mutex order_;  ///< users of all stripes have one order
  std::vector<Transition> untold_ SB_GUARDED_BY(order_);
  bool telling_ SB_GUARDED_BY(order_) = false;
};

}  // namespace signalbox::users
