#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace signalbox {

/// A list of which the first `kInPlace` stand in the object itself: for lists that are nearly always so short. Longer
/// ones stand in memory of their own until clear().
template <class T, std::uint32_t kInPlace>
class SmallVector {
 public:
  SmallVector() {}
  ~SmallVector() { clear(); }
  SmallVector(const SmallVector&) = delete;
  SmallVector& operator=(const SmallVector&) = delete;

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  T& operator[](std::size_t place) { return data()[place]; }
  const T& operator[](std::size_t place) const { return data()[place]; }
  T& front() { return *begin(); }
  T& back() { return end()[-1]; }

  T& push_back(T&& item) {
    if (size_ == capacity_) [[unlikely]]
      grow();
    return *std::construct_at(data() + size_++, std::move(item));
  }
  T& push_back(const T& item) { return push_back(T(item)); }
  void insert(T* before, T item) {
    const std::ptrdiff_t place = before - begin();
    push_back(std::move(item));
    std::rotate(begin() + place, end() - 1, end());
  }
  void erase(T* item) { erase(item, item + 1); }
  void erase(T* first, T* last) {
    T* const rest = std::move(last, end(), first);
    std::destroy(rest, end());
    size_ = static_cast<std::uint32_t>(rest - begin());
  }
  /// Gives its memory back.
  void clear() {
    std::destroy(begin(), end());
    size_ = 0;
    if (in_place()) return;
    std::allocator<T>().deallocate(elsewhere, capacity_);
    capacity_ = kInPlace;
  }

 private:
  bool in_place() const { return capacity_ == kInPlace; }
  T* data() { return in_place() ? here : elsewhere; }
  const T* data() const { return in_place() ? here : elsewhere; }
  void grow() {
    const std::uint32_t capacity = 2 * capacity_;
    T* const larger = std::allocator<T>().allocate(capacity);
    std::uninitialized_move(begin(), end(), larger);
    std::destroy(begin(), end());
    if (!in_place()) std::allocator<T>().deallocate(elsewhere, capacity_);
    elsewhere = larger;
    capacity_ = capacity;
  }

  union {
    T here[kInPlace];
    T* elsewhere;
  };
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = kInPlace;
};

}  // namespace signalbox
