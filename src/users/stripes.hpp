#pragma once
#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/mutex.hpp"
#include "users/elsewhere.hpp"
#include "users/other_nodes.hpp"
#include "users/resting_users.hpp"
#include "users/user_table.hpp"

namespace signalbox::users {

/// If nothing speaks against it: then the entry is to be erased.
inline bool put_to_rest(const User& user, RestingUsers* resting) {
  if (!user.can_rest()) return false;
  const std::vector<JobEntry> entries = user.jobs->outcomes();
  std::vector<RestingUsers::Outcome> outcomes;
  outcomes.reserve(entries.size());
  for (const JobEntry& entry : entries)
    outcomes.push_back({entry.number, entry.time, entry.received_at, entry.row, entry.frame->name()});
  resting->add(user.id, outcomes);
  return true;
}

/// A part of the users. A cache line of its own at each end, since threads write to neighbours at once.
struct alignas(64) Stripe {
  mutable Mutex mutex;
  LedgerMemory memory;                             ///< of the jobs of its users
  std::size_t looked_at SB_GUARDED_BY(mutex) = 0;  ///< so large was the memory at the last look, or has been since
  const LedgerOptions* ledger = nullptr;
  UserTable users SB_GUARDED_BY(mutex);
  RestingUsers resting SB_GUARDED_BY(mutex){memory};
  /// Whose last socket has gone, in the order in which their graces end. One who came back meanwhile has another time.
  struct Leaving {
    User* user;
    TimePoint offline_at;
  };
  std::deque<Leaving> leaving SB_GUARDED_BY(mutex);
  /// Whose outcomes are being read, or have been for calls that are not over.
  struct Reading {
    struct Waiting {
      unsigned shard;
      std::move_only_function<void()> then;
    };
    std::vector<Waiting> waiting{};
    std::size_t bytes = 0;  ///< brought into memory
  };
  std::unordered_map<const User*, Reading> reading SB_GUARDED_BY(mutex);
  /// Of these users, whom other nodes have; empty without any.
  TableOf<Elsewhere> elsewhere SB_GUARDED_BY(mutex);

  /// Who rests is woken.
  User* find(const HashedText& id) SB_REQUIRES(mutex) {
    User* user = users.find(id);
    return user || resting.size() == 0 ? user : wake(id);
  }
  User* find(std::string_view id) SB_REQUIRES(mutex) { return find(HashedText(id)); }
  /// Null, and no search, where no other node has anybody.
  const Elsewhere* elsewhere_of(const HashedText& id) const SB_REQUIRES(mutex) {
    return elsewhere.size() == 0 ? nullptr : elsewhere.find(id);
  }
  /// Of one who rests nothing is known that this is asked for.
  const User* find_awake(std::string_view id) const SB_REQUIRES(mutex) { return users.find(HashedText(id)); }
  User& find_or_add(const HashedText& id) SB_REQUIRES(mutex) {
    User* user = find(id);
    return user ? *user : users.add(id);
  }
  User& find_or_add(std::string_view id) SB_REQUIRES(mutex) { return find_or_add(HashedText(id)); }
  User* wake(const HashedText& id) SB_REQUIRES(mutex) {
    std::vector<JobEntry> outcomes = resting.wake(id);
    if (outcomes.empty()) return nullptr;
    User& user = users.add(id);
    for (JobEntry& outcome : outcomes) jobs_of(user).restore(std::move(outcome));
    return &user;
  }
  /// Who is away and small is packed at once, so that many of them do not take memory until it is their stripe's turn;
  /// who has much to pack waits for that.
  void rest_if_small(User& user) SB_REQUIRES(mutex) {
    constexpr std::size_t kFew = 16;
    if (user.jobs->size() <= kFew && put_to_rest(user, &resting)) users.erase(user);
  }
  UserJobs& jobs_of(User& user) {
    if (!user.jobs) user.jobs = std::make_unique<UserJobs>(*ledger, memory, memory_of(user.id));
    return *user.jobs;
  }
  // Graces differ in length after a restart: the list stays in order of their ends.
  TimePoint begin_grace(User& user, TimePoint end) SB_REQUIRES(mutex) {
    user.offline_at = end;
    const auto later = [](TimePoint at, const Leaving& other) { return at < other.offline_at; };
    leaving.insert(std::upper_bound(leaving.begin(), leaving.end(), end, later), {&user, end});
    ++user.leaving;
    return end;
  }
  User& known(const User* id) SB_REQUIRES(mutex) {
    User* user = users.find(HashedText(id->id));
    SB_ASSERT(user == id);
    return *user;
  }
};

/// The one table of users: who is connected, who is online, and what is kept of jobs stand in the same entry, under the
/// same lock.
///
/// thread  any. Users are spread over stripes, each under its own lock, because emits, logins and look-ups come from
///         every thread at once; under a stripe's lock only numbers are taken and references pushed to queues.
class Stripes {
 public:
  static constexpr std::size_t kCount = 256;

  explicit Stripes(const LedgerOptions& ledger) {
    for (std::size_t i = 0; i < kCount; ++i) {
      stripes_[i].memory.unread = &unread;
      stripes_[i].ledger = &ledger;
    }
  }

  // The upper bits: the table inside the stripe uses the lower ones.
  static std::size_t number_of(const HashedText& user) { return (user.hash >> 48) % kCount; }
  Stripe& of(const HashedText& user) const { return stripes_[number_of(user)]; }
  Stripe& of(std::string_view user) const { return of(HashedText(user)); }
  Stripe& operator[](std::size_t number) const { return stripes_[number]; }
  /// Users who are online, in their grace, or have something kept for them.
  std::size_t entries() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      const Lock lock(stripes_[i].mutex);
      count += stripes_[i].users.size() + stripes_[i].resting.size();
    }
    return count;
  }
  /// What the jobs of all users take of memory.
  std::size_t jobs_bytes() const {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < kCount; ++i) bytes += stripes_[i].memory.bytes.load(std::memory_order_relaxed);
    return bytes;
  }

  /// Outcomes that nobody has received.
  std::size_t unread_outcomes() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < kCount; ++i)
      count += stripes_[i].memory.unread_outcomes.load(std::memory_order_relaxed);
    return count;
  }
  /// Outcomes that were kept since the start, those of other nodes left out.
  std::uint64_t outcomes() const {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < kCount; ++i) count += stripes_[i].memory.outcomes.value();
    return count;
  }

  UnreadMemory unread;
  OtherNodes* others = nullptr;  ///< null: there is one node. Constant once anybody is here

 private:
  const std::unique_ptr<Stripe[]> stripes_ = std::make_unique<Stripe[]>(kCount);
};

}  // namespace signalbox::users
