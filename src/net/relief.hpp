#pragma once
#include <algorithm>
#include <atomic>
#include <compare>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "net/byte_budget.hpp"

// In which order clients go when they hold too much of something that is bounded over all shards.
namespace signalbox::net {

/// As whose something counts.
struct Account {
  Standing standing = Standing::unauthenticated;
  std::uint64_t user = 0;  ///< of a login, if that is known
};

/// When a holder goes: clients who have shown nothing first, workers last. Of the former those who have been at it the
/// longest, of logins those whose user holds most, of workers those who hold most themselves.
struct Urgency {
  std::uint8_t rank = 0;
  std::uint64_t weight = 0;

  Urgency() = default;
  Urgency(Standing standing, std::uint64_t w)
      : rank(static_cast<std::uint8_t>(UINT8_MAX - static_cast<std::uint8_t>(standing))), weight(w) {}
  auto operator<=>(const Urgency&) const = default;
};

/// The search for those who have to go. Who is the first may be with any shard. So one shard after the other looks, in
/// rounds: in each, those go who are at least half as urgent as the most urgent that the round before left.
class ReliefRound {
 public:
  /// Before each shard's look. Who may send for nothing has to bring something before all shards search again: of
  /// clients who have shown nothing a quarter more goes than is too much.
  void look_at(const ByteBudget& budget) { makes_room_ = makes_room_ || budget.unauthenticated_full(); }
  /// Do those of this standing hold more than they may? An eighth is always left to clients who have shown nothing: a
  /// login is one of these when it begins, however much others hold.
  bool too_much(const ByteBudget& budget, Standing standing) const {
    const bool full = budget.full();
    if (standing != Standing::unauthenticated) return full;
    const std::size_t limit = budget.limit();
    return budget.unauthenticated_over(full ? limit / 8 : makes_room_ ? limit / 8 * 3 : limit / 2);
  }
  /// What all clients of its user hold: of one login alone it would be little, spread over many. The first round adds
  /// up.
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
  /// Does this one go in this round? Else it is remembered for the next one.
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
