#pragma once
#include <utility>
#include <vector>

namespace signalbox::net {

/// Objects that want a look at the end of the turn, each once. T has a member `listed`, and outlives its place here.
///
/// thread  its owner's.
template <class T>
class TouchedList {
 public:
  void add(T& item) {
    if (item.listed) return;
    item.listed = true;
    items_.push_back(&item);
  }
  bool empty() const { return items_.empty(); }
  /// Looks at each. One that is touched meanwhile waits for the next call, even if it has had its look.
  template <class Look>
  void look(Look look) {
    std::vector<T*> items;
    items.swap(items_);
    for (T* item : items) {
      item->listed = false;
      look(*item);
    }
    if (!items_.empty() || items_.capacity() != 0) return;
    items.clear();
    items_.swap(items);  // the larger buffer is kept for the next turn
  }
  /// Nobody looks at them any more.
  void clear() {
    for (T* item : items_) item->listed = false;
    items_.clear();
  }
  /// All that is listed has gone.
  void forget() { items_.clear(); }

 private:
  std::vector<T*> items_;
};

}  // namespace signalbox::net
