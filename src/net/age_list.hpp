#pragma once
#include <memory>
#include <utility>

#include "base/clock.hpp"

namespace signalbox::net {

/// Where an object stands in an AgeList.
template <class T>
struct AgePlace {
  TimePoint since;
  T* older = nullptr;
  T* newer = nullptr;
};

/// Objects in the order in which they came. Any of them may leave, for each knows its place (null: it is not in the
/// list).
///
/// thread  its owner's.
template <class T, std::unique_ptr<AgePlace<T>> T::* Place>
class AgeList {
 public:
  T* oldest() const { return oldest_; }
  bool has_several() const { return oldest_ != newest_; }
  TimePoint oldest_since() const { return (oldest_->*Place)->since; }

  void add(T& item, TimePoint now) {
    item.*Place = std::make_unique<AgePlace<T>>(AgePlace<T>{.since = now, .older = newest_});
    (newest_ ? (newest_->*Place)->newer : oldest_) = &item;
    newest_ = &item;
  }
  /// False: it is not among them.
  bool remove(T& item) {
    const auto place = std::exchange(item.*Place, nullptr);
    if (!place) return false;
    (place->older ? (place->older->*Place)->newer : oldest_) = place->newer;
    (place->newer ? (place->newer->*Place)->older : newest_) = place->older;
    return true;
  }

 private:
  T* oldest_ = nullptr;
  T* newest_ = nullptr;
};

}  // namespace signalbox::net
