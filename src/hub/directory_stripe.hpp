#pragma once
#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/assert.hpp"
#include "hub/directory.hpp"
#include "hub/user_table.hpp"

namespace signalbox::hub {

/// A part of the directory's users. A cache line of its own at each end, since threads write to neighbours at once.
struct alignas(64) Directory::Stripe {
  mutable Mutex mutex;
  LedgerMemory memory;  ///< of the jobs of its users
  UserTable users SB_GUARDED_BY(mutex);
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
      Then then;
    };
    std::vector<Waiting> waiting{};
    std::size_t bytes = 0;  ///< brought into memory
  };
  std::unordered_map<const User*, Reading> reading SB_GUARDED_BY(mutex);

  User* find(const HashedText& id) const SB_REQUIRES(mutex) { return users.find(id); }
  User* find(std::string_view id) const SB_REQUIRES(mutex) { return find(HashedText(id)); }
  User& find_or_add(std::string_view id) SB_REQUIRES(mutex) {
    const HashedText name(id);
    User* user = find(name);
    return user ? *user : users.add(name);
  }
  UserJobs& jobs_of(User& user, const LedgerOptions& options) {
    if (!user.jobs) user.jobs = std::make_unique<UserJobs>(options, memory, memory_of(user.id));
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
    User* user = find(id->id);
    SB_ASSERT(user == id);
    return *user;
  }
};

}  // namespace signalbox::hub
