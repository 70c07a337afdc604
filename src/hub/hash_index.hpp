#pragma once
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace signalbox::hub {

/// Values by the hashes of their ids, side by side: whose home is taken stands in the next free slot. A look-up reads a
/// line or two of memory and, where it finds nothing, no ids.
template <class Value, Value kNone>
class HashIndex {
 public:
  /// The value of that hash for which `is_it(value)` holds, or kNone.
  template <class IsIt>
  Value find(std::uint32_t hash, IsIt is_it) const {
    if (slots_.empty()) return kNone;
    for (std::size_t at = home(hash); slots_[at].value != kNone; at = after(at)) {
      if (slots_[at].hash == hash && is_it(slots_[at].value)) return slots_[at].value;
    }
    return kNone;
  }
  void add(std::uint32_t hash, Value value) {
    if (4 * (size_ + 1) > 3 * slots_.size()) grow();
    slots_[free_slot(hash)] = {hash, value};
    ++size_;
  }
  /// The value is there.
  void remove(std::uint32_t hash, Value value) {
    std::size_t at = home(hash);
    while (slots_[at].value != value) at = after(at);
    close_gap(at);
  }
  template <class Visit>
  void each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.value != kNone) visit(slot.value);
    }
  }
  /// Those for which `is_over(value)` holds; it may be asked twice of one.
  template <class IsOver>
  void remove_if(IsOver is_over) {
    for (std::size_t at = 0; at < slots_.size();) {
      if (slots_[at].value != kNone && is_over(slots_[at].value)) {
        close_gap(at);  // by one that has not been asked yet, or is asked again
      } else {
        ++at;
      }
    }
  }
  /// It will be looked for soon.
  void prefetch(std::uint32_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[home(hash)], 1);
  }
  std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint32_t hash = 0;
    Value value = kNone;
  };
  static constexpr std::size_t kFirstSlots = 4;

  std::size_t home(std::uint32_t hash) const { return hash & (slots_.size() - 1); }
  std::size_t after(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }
  std::size_t free_slot(std::uint32_t hash) const {
    std::size_t at = home(hash);
    while (slots_[at].value != kNone) at = after(at);
    return at;
  }
  /// Those behind it that could not stand at their homes move up.
  void close_gap(std::size_t gap) {
    --size_;
    for (std::size_t at = after(gap); slots_[at].value != kNone; at = after(at)) {
      const std::size_t mask = slots_.size() - 1;
      const std::size_t from_home = (at - home(slots_[at].hash)) & mask;
      if (from_home < ((at - gap) & mask)) continue;
      slots_[gap] = slots_[at];
      gap = at;
    }
    slots_[gap] = {};
  }
  void grow() {
    const std::vector<Slot> before =
        std::exchange(slots_, std::vector<Slot>(slots_.empty() ? kFirstSlots : 2 * slots_.size()));
    for (const Slot& slot : before) {
      if (slot.value != kNone) slots_[free_slot(slot.hash)] = slot;
    }
  }

  std::vector<Slot> slots_;  ///< a power of two, a quarter of them free
  std::uint32_t size_ = 0;
};

}  // namespace signalbox::hub
