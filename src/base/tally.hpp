#pragma once
#include <atomic>
#include <cstdint>

namespace signalbox {

/// A count that one thread writes and others may read: it costs no locked instruction.
///
/// thread  add() one at a time; value() any.
class Tally {
 public:
  void add(std::uint64_t more = 1) { value_.store(value() + more, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace signalbox
