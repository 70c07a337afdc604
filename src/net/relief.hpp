#pragma once
#include <algorithm>
#include <atomic>
#include <compare>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "net/byte_budget.hpp"

// In which order clients are closed when they hold too much of something that is bounded over all shards.
namespace signalbox::net {

/// To whom bytes count.
struct Account {
  Standing standing = Standing::unauthenticated;
  std::uint64_t user = 0;  ///< of a login, if that is known
};

/// How soon a holder is closed: unauthenticated clients first, workers last. Of unauthenticated clients those go first
/// that have taken the longest, of logins those whose user holds most, of workers those that hold most themselves.
struct Urgency {
  std::uint8_t rank = 0;
  std::uint64_t weight = 0;

  Urgency() = default;
  Urgency(Standing standing, std::uint64_t w)
      : rank(static_cast<std::uint8_t>(UINT8_MAX - static_cast<std::uint8_t>(standing))), weight(w) {}
  auto operator<=>(const Urgency&) const = default;
};

/// The search for clients to close. The most urgent may be on any shard, so one shard after the other looks, in rounds.
/// Each round closes those that are at least half as urgent as the most urgent one that the round before left.
class ReliefRound {
 public:
  /// Before each shard's look. Once unauthenticated clients hold more than their half, a quarter of it is freed: they
  /// fill it at no cost, and not each time should all shards have to search.
  void look_at(const ByteBudget& budget) { makes_room_ = makes_room_ || budget.unauthenticated_full(); }
  /// Do clients of this standing hold more than they may? An eighth is always left to unauthenticated ones, however
  /// much others hold: a login begins as one of these.
  bool too_much(const ByteBudget& budget, Standing standing) const {
    const bool full = budget.full();
    if (standing != Standing::unauthenticated) return full;
    const std::size_t limit = budget.limit();
    return budget.unauthenticated_over(full ? limit / 8 : makes_room_ ? limit / 8 * 3 : limit / 2);
  }
  /// What all clients of its user hold: a user could spread much over many of them. The first round adds it up.
  std::uint64_t held_by(const Account& account, std::uint64_t bytes) {
    if (account.standing != Standing::login || account.user == 0) return bytes;
    std::uint64_t& sum = users_[account.user];
    if (!searched_) sum += bytes;
    return std::max(sum, bytes);
  }
  void let_go(const Account& account, std::uint64_t bytes) {
    if (const auto user = users_.find(account.user); user != users_.end())
      user->second -= std::min(user->second, bytes);
  }
  /// Is this one closed in this round? If not, it is noted for the next one.
  bool reaches(const Urgency& urgency) {
    if (searched_ && urgency >= least_) return true;
    first_left_ = std::max(first_left_, urgency);
    return false;
  }
  /// False: nobody is left.
  bool next() {
    least_ = std::exchange(first_left_, Urgency());
    least_.weight -= least_.weight / 2;
    searched_ = least_ != Urgency();
    return searched_;
  }

 private:
  bool searched_ = false;  ///< the first round only looks
  bool makes_room_ = false;
  Urgency least_, first_left_;
  std::unordered_map<std::uint64_t, std::uint64_t> users_;  ///< bytes
};

/// thread  `asked` any; the rounds the shard that looks.
struct Relief {
  std::atomic<unsigned> asked{0};  ///< times, since the round began
  ReliefRound partial, queued;
};

}  // namespace signalbox::net
