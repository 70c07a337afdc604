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

  /// Is there room for one more? Then it counts, with the bytes that its places in the shards' logs take.
  bool take(const FrameRef& frame, std::size_t places_bytes) {
    const std::size_t bytes = frame->memory() + places_bytes;
    while (!waiting_.empty() && waiting_.front().frame.is_last()) drop_first();
    if (bytes_ + bytes > most_ && !std::exchange(looked_, true)) drop_all();
    if (!waiting_.empty() && bytes_ + bytes > most_) return false;
    bytes_ += bytes;
    waiting_.push_back({frame, bytes});
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
  struct Waiting {
    FrameRef frame;
    std::size_t bytes;
  };
  void drop_all() {
    std::erase_if(waiting_, [this](const Waiting& one) {
      if (!one.frame.is_last()) return false;
      bytes_ -= one.bytes;
      return true;
    });
  }
  void drop_first() {
    bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
  }

  const std::size_t most_;
  std::size_t bytes_ = 0;
  bool looked_ = false;  ///< since the last forget()
  std::deque<Waiting> waiting_;
};

}  // namespace signalbox::users
