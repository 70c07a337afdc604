#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <string_view>
#include <utility>

namespace signalbox {

/// A text that does not change, shared by its copies, in one pointer. An empty one takes no memory of its own.
///
/// thread  any: immutable but for its count of references.
class SharedText {
 public:
  SharedText() = default;
  explicit SharedText(std::string_view text) : SharedText({text}) {}
  /// One after the other.
  SharedText(std::initializer_list<std::string_view> parts) {
    std::size_t size = 0;
    for (const std::string_view part : parts) size += part.size();
    if (size == 0) return;
    head_ = new (::operator new(sizeof(Head) + size)) Head{.size = static_cast<std::uint32_t>(size)};
    char* to = head_->bytes();
    for (const std::string_view part : parts) to = std::ranges::copy(part, to).out;
  }
  SharedText(const SharedText& other) noexcept : head_(other.head_) {
    if (head_) head_->references.fetch_add(1, std::memory_order_relaxed);
  }
  SharedText(SharedText&& other) noexcept : head_(std::exchange(other.head_, nullptr)) {}
  SharedText& operator=(SharedText other) noexcept {
    std::swap(head_, other.head_);
    return *this;
  }
  ~SharedText() {
    if (head_ && head_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) ::operator delete(head_);
  }

  std::string_view view() const { return head_ ? std::string_view(head_->bytes(), head_->size) : std::string_view(); }
  bool empty() const { return !head_; }
  friend bool operator==(const SharedText& a, const SharedText& b) {
    return a.head_ == b.head_ || a.view() == b.view();
  }

 private:
  struct Head {
    std::atomic<std::uint32_t> references{1};
    std::uint32_t size;
    char* bytes() { return reinterpret_cast<char*>(this + 1); }
  };

  Head* head_ = nullptr;
};

}  // namespace signalbox
