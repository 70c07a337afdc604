#pragma once
#include <cstdint>
#include <memory>
#include <vector>

namespace signalbox::reactor {

/// Owns objects and names each by {slot, generation}; a name whose object has gone finds nothing. T has members slot
/// and generation.
///
/// thread  its owner's.
template <typename T>
class SlotMap {
 public:
  /// Chooses the name the next insert() will have.
  std::pair<std::uint32_t, std::uint32_t> reserve() {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(items_.size()));
      items_.emplace_back();
      generations_.push_back(1);
    }
    return {free_.back(), generations_[free_.back()]};
  }
  T& insert(std::unique_ptr<T> item) {
    const auto [slot, generation] = reserve();
    free_.pop_back();
    item->slot = slot;
    item->generation = generation;
    items_[slot] = std::move(item);
    ++size_;
    return *items_[slot];
  }
  T* find(std::uint32_t slot, std::uint32_t generation) const {
    return slot < items_.size() && generations_[slot] == generation ? items_[slot].get() : nullptr;
  }
  /// The object that is in that slot now.
  T* at(std::uint32_t slot) const { return slot < items_.size() ? items_[slot].get() : nullptr; }
  void erase(T& item) {
    const auto slot = item.slot;
    generations_[slot] = (generations_[slot] + 1) & 0x7fffffff;
    if (generations_[slot] == 0) generations_[slot] = 1;
    free_.push_back(slot);
    --size_;
    items_[slot].reset();
  }
  template <typename F>
  void for_each(F&& f) {
    for (std::size_t i = 0; i < items_.size(); ++i)
      if (items_[i]) f(*items_[i]);
  }
  std::size_t size() const { return size_; }

 private:
  std::vector<std::unique_ptr<T>> items_;
  std::vector<std::uint32_t> generations_;
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
};

}  // namespace signalbox::reactor
