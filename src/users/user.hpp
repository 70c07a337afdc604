#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/message.hpp"
#include "base/shared_text.hpp"
#include "base/small_vector.hpp"
#include "users/job_ledger.hpp"

namespace signalbox::users {

/// One user of whom something is known: who is connected through which sockets, whether others think them online, and
/// their jobs. In two cache lines that a processor fetches together, not in three.
struct alignas(128) User {
  explicit User(std::string_view name) : id(name) {}
  const std::string id;
  // Guarded by the lock of the stripe that holds the entry.
  SmallVector<SocketRef, 1> sockets;  ///< those connected, then those that have gone and may come back
  std::unique_ptr<UserJobs> jobs;
  SharedText shown;               ///< what the application sees of the user, by the newest login with anything
  bool online = false;            ///< announced, and not yet taken back
  TimePoint offline_at = kNever;  ///< end of the grace after the last socket went
  std::uint32_t leaving = 0;      ///< times that the entry stands in its stripe's list of those who left
  std::uint32_t away = 0;         ///< how many of the sockets have gone
  std::uint32_t readers = 0;      ///< calls of when_loaded() that are not over: what is loaded stays in memory

  std::size_t connected() const { return sockets.size() - away; }
  /// Nothing more is known of this user, and nothing names the entry.
  bool forgotten() const { return !named() && (!jobs || jobs->empty()); }
  /// Nothing is known of this user but outcomes that can be left to the store.
  bool can_rest() const { return !named() && jobs && !jobs->empty() && jobs->can_be_left(); }

 private:
  bool named() const { return online || !sockets.empty() || leaving != 0 || readers != 0; }
};

}  // namespace signalbox::users
