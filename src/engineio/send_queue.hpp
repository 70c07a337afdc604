#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/frame.hpp"

namespace signalbox::engineio {

/// What waits for one client, in order; shared by both transports, so that an upgrade moves nothing.
///
/// Once the queue is stuck with much in it, and until it is empty again, a newer frame of a key takes out the older one
/// (Conflation). A frame that is partly written stays.
///
/// thread  its session's shard. Costs no allocation while empty.
class SendQueue {
 public:
  SendQueue() = default;
  ~SendQueue() { clear(); }
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  void push_back(FrameRef frame);
  /// In front of everything whose writing has not begun: for a due heartbeat.
  void push_front(FrameRef frame);
  bool empty() const { return head_ == frames_.size(); }
  std::size_t count() const { return frames_.size() - gone_; }
  /// Memory of the frames and of their places here, less the written part of the front frame.
  std::size_t bytes() const { return bytes_; }
  const FrameRef& front() const { return frames_[head_]; }
  void pop_front();

  /// Copies WebSocket bytes from the front, beginning where the last write ended, into `out`; returns how many.
  /// For a frame larger than `out` front_rest() gives the bytes without a copy.
  std::size_t gather(char* out, std::size_t capacity) const;
  std::string_view front_rest() const { return front()->websocket().substr(offset_); }
  /// `written` bytes went to the kernel. Returns how many pings are among the frames that are now whole on their way.
  unsigned consume(std::size_t written);
  bool partially_written() const { return offset_ != 0; }
  /// How many bytes of memory have left by being written since the last call.
  std::size_t take_left() { return std::exchange(left_, 0); }
  /// How far the memory held for all clients has changed here since the last call: that of this queue itself, and that
  /// of each frame while this is the first queue that keeps it waiting, or the last. A frame that came and left between
  /// two calls never counts.
  std::ptrdiff_t take_memory_change();
  /// Takes over the count of another queue, which goes.
  void take_memory_change_of(SendQueue& other) { memory_change_ += other.take_memory_change(); }
  /// Each that waits, in order.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = head_; i < frames_.size(); ++i)
      if (frames_[i]) visit(*frames_[i]);
  }
  /// The client is taking nothing at present.
  void stuck();
  /// How many frames were taken out since the last call.
  std::uint32_t take_conflated() { return std::exchange(conflated_, 0); }
  /// Gives its memory back if empty.
  void shrink();
  void clear();

 private:
  /// Place in frames_ of the last frame of a key, by the key's hash. The frame there is checked, so an outdated entry
  /// does no harm.
  using LastOfKey = std::unordered_map<std::size_t, std::size_t>;

  void conflate(std::size_t place);
  void conflate_all();
  void take_out(std::size_t place);
  void compact();
  void leave(std::size_t bytes) {
    bytes_ -= bytes;
    left_ += bytes;
  }
  void advance();
  std::size_t own_memory() const;
  void count(const Frame& frame);
  void drop(std::size_t place);

  std::vector<FrameRef> frames_;  ///< null where one has gone
  std::uint32_t head_ = 0;        ///< of the front frame; never of one that has gone
  std::uint32_t gone_ = 0;
  std::uint32_t counted_ = 0;  ///< up to here each has begin_waiting(); behind it none has
  std::uint32_t conflated_ = 0;
  std::size_t offset_ = 0;  ///< of the front frame, already written
  std::size_t bytes_ = 0;
  std::size_t left_ = 0;
  std::size_t counted_memory_ = 0;  ///< of own_memory()
  std::ptrdiff_t memory_change_ = 0;
  std::unique_ptr<LastOfKey> last_of_key_;  ///< while frames are taken out
  bool stuck_ = false;
};

}  // namespace signalbox::engineio
