#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/frame.hpp"
#include "base/small_vector.hpp"

namespace signalbox::engineio {

/// What waits for one client, in order; shared by both transports, so that an upgrade moves nothing.
///
/// Once the queue is stuck with much in it, and until it is empty again, a newer frame of a key takes out the older one
/// (Conflation). A frame that is partly written stays.
///
/// thread  its session's shard. Costs a pointer while nothing waits, and one allocation while little does.
class SendQueue {
 public:
  SendQueue() = default;
  ~SendQueue() { clear(); }
  SendQueue(const SendQueue&) = delete;
  SendQueue& operator=(const SendQueue&) = delete;

  void push_back(FrameRef frame);
  /// The same for a message that this client missed, which does not count among waiting_bytes(). They come before all
  /// others: only a few frames can stand before them.
  void push_kept(FrameRef frame);
  /// In front of everything whose writing has not begun: for a due heartbeat.
  void push_front(FrameRef frame);
  bool empty() const { return !backlog_ || backlog_->empty(); }
  std::size_t count() const { return backlog_ ? backlog_->frames.size() - backlog_->gone : 0; }
  /// Memory of the frames and of their places here, less the written part of the front frame.
  std::size_t bytes() const { return backlog_ ? backlog_->bytes : 0; }
  /// The same without what was kept for the client.
  std::size_t waiting_bytes() const { return backlog_ ? backlog_->waiting_bytes() : 0; }
  const FrameRef& front() const { return backlog_->front(); }
  void pop_front();

  /// Copies WebSocket bytes from the front, beginning where the last write ended, into `out`; returns how many.
  /// For a frame larger than `out` front_rest() gives the bytes without a copy.
  std::size_t gather(char* out, std::size_t capacity) const;
  std::string_view front_rest() const { return front()->websocket().substr(backlog_->offset); }
  /// `written` bytes went to the kernel. Returns how many pings are among the frames that are now whole on their way.
  unsigned consume(std::size_t written);
  bool partially_written() const { return backlog_ && backlog_->offset != 0; }
  /// How far the memory held for all clients has changed here since the last call: that of this queue itself, and that
  /// of each frame while this is the first queue that keeps it waiting, or the last. A frame that came and left between
  /// two calls never counts.
  std::ptrdiff_t take_memory_change();
  /// Takes over the count of another queue, which goes.
  void take_memory_change_of(SendQueue& other);
  /// Each that waits, in order.
  template <class Visit>
  void for_each(Visit visit) const {
    if (!backlog_) return;
    for (std::size_t i = backlog_->head; i < backlog_->frames.size(); ++i)
      if (backlog_->frames[i]) visit(*backlog_->frames[i]);
  }
  /// The client is taking nothing at present.
  void stuck();
  /// Asked once a turn: is the client too slow? It may be given everything that one turn brings, since it could read
  /// none of that before. But once more than `most` bytes wait, its queue has to shrink faster than it grows.
  bool too_slow(std::size_t most);
  /// How many frames were taken out since the last call.
  std::uint32_t take_conflated() { return backlog_ ? std::exchange(backlog_->conflated, 0) : 0; }
  /// Gives its memory back, if nothing waits and all that was counted has been asked for.
  void shrink();
  void clear();

 private:
  /// Place in frames of the last frame of a key, by the key's hash. The frame there is checked, so an outdated entry
  /// does no harm.
  using LastOfKey = std::unordered_map<std::size_t, std::size_t>;
  static constexpr std::uint32_t kInPlace = 4;  ///< frames of a small queue

  /// All that a queue has, from its first frame until it is empty at the end of a turn.
  struct Backlog {
    bool empty() const { return head == frames.size(); }
    const FrameRef& front() const { return frames[head]; }
    std::size_t waiting_bytes() const { return bytes - kept_bytes; }
    void push_back(FrameRef&& frame);
    void pop_front();
    void conflate(std::size_t place);
    void conflate_all();
    void take_out(std::size_t place);
    void compact();
    void leave(std::size_t written);
    void advance();
    std::size_t own_memory() const;
    void count(const Frame& frame);
    void drop(std::size_t place);
    void stuck();

    SmallVector<FrameRef, kInPlace> frames;  ///< null where one has gone
    std::uint32_t head = 0;                  ///< of the front frame; never of one that has gone
    std::uint32_t gone = 0;
    std::uint32_t counted = 0;  ///< up to here each has begin_waiting(); behind it none has
    std::uint32_t conflated = 0;
    std::size_t offset = 0;  ///< of the front frame, already written
    std::size_t bytes = 0;
    std::size_t kept_bytes = 0;      ///< of push_kept(), at most as many as still wait
    std::size_t least_waiting = 0;   ///< since too_slow() found too much waiting; else what its last call found
    std::size_t counted_memory = 0;  ///< of own_memory()
    std::ptrdiff_t memory_change = 0;
    std::unique_ptr<LastOfKey> last_of_key;  ///< while frames are taken out
    bool is_stuck = false;
  };
  Backlog& backlog() {
    if (!backlog_) backlog_ = std::make_unique<Backlog>();
    return *backlog_;
  }

  std::unique_ptr<Backlog> backlog_;
};

}  // namespace signalbox::engineio
