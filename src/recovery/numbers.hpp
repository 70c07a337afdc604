#pragma once
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/frame.hpp"

namespace signalbox::recovery {

/// The numbers under which one shard sends events, and the offsets by which its clients know them.
///
/// thread  its shard.
class Numbers {
 public:
  Numbers(std::string run, std::uint32_t shard) : run_(std::move(run)), shard_(shard) {}

  std::uint64_t last() const { return last_; }
  std::uint64_t next() { return ++last_; }
  /// So many, in a row: the first of them.
  std::uint64_t next(std::uint64_t count);
  /// All that come now are above this one, which another shard has given.
  void rise_above(std::uint64_t number) { last_ = std::max(last_, number); }

  FrameRef with_offset(const FrameRef& source, std::uint64_t number) const;
  /// The same under the number last(), which is a new one unless the frame has just got it, and above `above`. So a
  /// frame is made once for all sockets of the shard that get it one after the other.
  const FrameRef& numbered(const FrameRef& source, std::uint64_t above);

 private:
  const std::string run_;
  const std::uint32_t shard_;
  std::uint64_t last_ = 0;
  FrameRef source_, numbered_;  ///< the frame that was numbered last
  std::uint64_t numbered_as_ = 0;
};

}  // namespace signalbox::recovery
