#pragma once
#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace signalbox {

/// A share of something that is limited over all shards. It counts there while this object lives.
///
/// thread  one at a time; the counter's any.
class Counted {
 public:
  /// Nothing if there would be more than `most`.
  static std::optional<Counted> within(std::size_t most, std::atomic<std::size_t>& counter, std::size_t amount = 1) {
    const bool fits = counter.fetch_add(amount, std::memory_order_relaxed) + amount <= most;
    Counted made(&counter, amount);
    return fits ? std::optional(std::move(made)) : std::nullopt;
  }

  /// Takes over a share that another one left.
  static Counted taken_over(std::atomic<std::size_t>& counter, std::size_t amount = 1) {
    return Counted(&counter, amount);
  }

  Counted(Counted&& other) noexcept : counter_(std::exchange(other.counter_, nullptr)), amount_(other.amount_) {}
  Counted& operator=(Counted&& other) noexcept {
    std::swap(counter_, other.counter_);
    std::swap(amount_, other.amount_);
    return *this;
  }
  ~Counted() {
    if (counter_) counter_->fetch_sub(amount_, std::memory_order_relaxed);
  }
  /// Leaves the share to another one, which takes it off.
  void leave() { counter_ = nullptr; }

 private:
  Counted(std::atomic<std::size_t>* counter, std::size_t amount) : counter_(counter), amount_(amount) {}

  std::atomic<std::size_t>* counter_;
  std::size_t amount_;
};

}  // namespace signalbox
