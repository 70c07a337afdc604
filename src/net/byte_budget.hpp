#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>

#include "net/standing.hpp"

namespace signalbox::net {

/// How many bytes all clients hold of something. Several shards add to it: it may be below zero for a moment, when one
/// takes off what another has not added yet.
struct ByteCounts {
  std::atomic<std::size_t> all{0};
  std::atomic<std::size_t> unauthenticated{0};  ///< by clients with neither login nor API_KEY

  static std::ptrdiff_t signed_bytes(const std::atomic<std::size_t>& count) {
    return static_cast<std::ptrdiff_t>(count.load(std::memory_order_relaxed));
  }
  std::size_t bytes() const { return static_cast<std::size_t>(std::max(signed_bytes(all), std::ptrdiff_t{0})); }
};

/// The bound of such bytes, of which unauthenticated clients may have half.
///
/// thread  any; of the counts each part is exact, both together are not.
class ByteBudget {
 public:
  ByteBudget(ByteCounts& counts, std::size_t limit) : counts_(counts), limit_(limit) {}

  /// A holder has more or less than before: `memory` bytes of what is bounded, `whole` bytes of what it is judged by.
  /// True: that is more, and too much now.
  [[nodiscard]] bool add(Standing standing, std::ptrdiff_t memory, std::ptrdiff_t whole) {
    if (memory == 0 && whole == 0) return false;
    if (standing == Standing::unauthenticated) add_to(counts_.unauthenticated, whole);
    add_to(counts_.all, memory);
    return (memory > 0 || whole > 0) && too_much();
  }
  /// So many bytes have a holder of another standing now.
  void move(Standing from, Standing to, std::size_t whole) {
    const bool was = from == Standing::unauthenticated, is = to == Standing::unauthenticated;
    if (was != is)
      add_to(counts_.unauthenticated, is ? static_cast<std::ptrdiff_t>(whole) : -static_cast<std::ptrdiff_t>(whole));
  }

  std::size_t limit() const { return limit_; }
  bool full() const { return over(counts_.all, limit_); }
  /// Do unauthenticated clients hold more than that?
  bool unauthenticated_over(std::size_t most) const { return over(counts_.unauthenticated, most); }
  bool unauthenticated_full() const { return unauthenticated_over(limit_ / 2); }
  bool too_much() const { return full() || unauthenticated_full(); }

 private:
  static void add_to(std::atomic<std::size_t>& count, std::ptrdiff_t change) {
    count.fetch_add(static_cast<std::size_t>(change), std::memory_order_relaxed);
  }
  static bool over(const std::atomic<std::size_t>& count, std::size_t most) {
    return ByteCounts::signed_bytes(count) > static_cast<std::ptrdiff_t>(most);
  }

  ByteCounts& counts_;
  const std::size_t limit_;
};

}  // namespace signalbox::net
