#pragma once
#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>

#include "base/frame.hpp"

namespace signalbox::users {

/// Notices to everybody that somebody has still to hear, so that no more are taken than memory bears. One is over when
/// nobody but this has its frame: no shard's log, no client's queue, no history.
///
/// thread  one at a time.
class Notices {
 public:
  explicit Notices(std::size_t most_bytes) : most_(most_bytes) {}

  /// Is there room for one more? Then it counts.
  bool take(const FrameRef& notice) {
    while (!frames_.empty() && frames_.front().is_last()) drop_first();
    if (bytes_ + notice->memory() > most_ && !std::exchange(looked_, true)) drop_all();
    if (!frames_.empty() && bytes_ + notice->memory() > most_) return false;
    bytes_ += notice->memory();
    frames_.push_back(notice);
    return true;
  }
  /// Lets go of those that are over. To be called once a second: take() looks at all of them once between two calls,
  /// however often it is asked.
  void forget() {
    looked_ = false;
    drop_all();
  }
  std::size_t bytes() const { return bytes_; }

 private:
  void drop_all() {
    std::erase_if(frames_, [this](const FrameRef& frame) {
      if (!frame.is_last()) return false;
      bytes_ -= frame->memory();
      return true;
    });
  }
  void drop_first() {
    bytes_ -= frames_.front()->memory();
    frames_.pop_front();
  }

  const std::size_t most_;
  std::size_t bytes_ = 0;
  bool looked_ = false;  ///< since the last forget()
  std::deque<FrameRef> frames_;
};

}  // namespace signalbox::users
