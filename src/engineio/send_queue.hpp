#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/frame.hpp"

namespace signalbox::engineio {

/// What waits for one client, in order; shared by both transports, so that an upgrade moves nothing.
///
/// thread  its session's shard. Costs no allocation while empty.
class SendQueue {
 public:
  void push_back(FrameRef frame);
  /// Before all that has not begun to be written: for a heartbeat that is due.
  void push_front(FrameRef frame);
  bool empty() const { return head_ == frames_.size(); }
  std::size_t count() const { return frames_.size() - head_; }
  std::size_t bytes() const { return bytes_; }  ///< WebSocket bytes not yet consumed
  const FrameRef& front() const { return frames_[head_]; }
  void pop_front();

  /// Copies WebSocket bytes from the front, beginning where the last write ended, into `out`; returns how many.
  /// For a frame larger than `out` the bytes can be had without a copy by front_rest().
  std::size_t gather(char* out, std::size_t capacity) const;
  std::string_view front_rest() const { return front()->websocket().substr(offset_); }
  /// `written` bytes went to the kernel. Returns true when a ping frame was among the frames that are now whole on
  /// their way.
  bool consume(std::size_t written);
  bool partially_written() const { return offset_ != 0; }
  /// Gives its memory back if empty.
  void shrink();
  void clear();

 private:
  std::vector<FrameRef> frames_;
  std::size_t head_ = 0;
  std::size_t offset_ = 0;  ///< of the front frame, already written
  std::size_t bytes_ = 0;
};

}  // namespace signalbox::engineio
