#pragma once
#include <algorithm>
#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "net/application.hpp"

// What clients hold of something that is bounded over all shards, and in which order they go when that is too much.
namespace signalbox::net {

/// A count of bytes that several shards add to: below nought for a moment where one takes off what another has not
/// added yet.
inline std::ptrdiff_t bytes_of(const std::atomic<std::size_t>& count) {
  return static_cast<std::ptrdiff_t>(count.load(std::memory_order_relaxed));
}

/// What all clients hold of it.
struct Held {
  std::atomic<std::size_t>& all;
  std::atomic<std::size_t>& unauthenticated;  ///< by clients who have shown nothing
  const std::size_t limit;

  /// Is it more than that part of the limit?
  static bool over(const std::atomic<std::size_t>& count, std::size_t most) {
    return bytes_of(count) > static_cast<std::ptrdiff_t>(most);
  }
  /// They have half of the limit.
  bool unauthenticated_over() const { return over(unauthenticated, limit / 2); }
  bool too_much() const { return over(all, limit) || unauthenticated_over(); }
};

/// When a holder goes: clients who have shown nothing first, workers last. Of the former those who have been at it the
/// longest, of the others those who hold most.
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
  void look_at(const Held& held) { makes_room_ = makes_room_ || held.unauthenticated_over(); }
  /// Do those of this standing hold more than they may? An eighth is always left to clients who have shown nothing: a
  /// login is one of these when it begins, however much others hold.
  bool too_much(const Held& held, Standing standing) const {
    const bool full = Held::over(held.all, held.limit);
    if (standing != Standing::unauthenticated) return full;
    return Held::over(held.unauthenticated, full ? held.limit / 8 : makes_room_ ? held.limit / 8 * 3 : held.limit / 2);
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
};

/// thread  `asked` any; the rounds the shard that looks.
struct Relief {
  std::atomic<unsigned> asked{0};  ///< times, since the round began
  ReliefRound partial, queued;
};

}  // namespace signalbox::net
