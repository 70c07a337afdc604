#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "queue/held_queue.hpp"
#include "queue/stream_begin.hpp"

namespace signalbox::queue {

/// One queue of BullMQ. The source reads its stream, together with those of other queues.
///
/// thread  as HeldQueue.
class BullmqQueue final : public HeldQueue {
 public:
  /// `is_new`: it did not exist when the source began.
  BullmqQueue(redis::Client& commands, Sink& sink, const JsonPaths& users, JobReaderOptions options, bool is_new);

  const std::string& stream() const { return stream_; }
  StreamId cursor() const { return cursor_; }
  /// Is its stream to be read now?
  bool is_read() const { return state() == State::reading && reader().has_room(); }
  /// Will it be in a moment, when what was read has been told?
  bool is_read_soon() const { return state() == State::reading && !reader().has_room() && !reader().stands(); }
  /// Is it to be looked first whether something was trimmed behind the cursor?
  bool may_have_gap(TimePoint now) const { return full_ || now >= read_at_ + kSurelyNoGap; }
  void on_state(StreamId cursor, const redis::Answer& answer);
  void on_read(TimePoint now) { read_at_ = now; }
  /// Entries that were read behind that cursor; with `full` there may be more. If the cursor is another one by now,
  /// they are read again.
  void take(StreamId cursor, redis::Reply& entries, bool full);

 private:
  static constexpr Milliseconds kSurelyNoGap{250};

  void begin(std::optional<StreamId> stored) override;
  StreamId read_up_to() const override { return cursor_; }
  void begin_at(const StreamState& stream, std::optional<StreamId> stored);
  void mend_trimmed(std::uint64_t since_ms);

  const std::string stream_;
  const bool is_new_;
  const std::uint64_t found_ms_;
  StreamId cursor_{};  ///< up to there it was read
  TimePoint read_at_{};
  bool full_ = false;  ///< there was more than was read
};

}  // namespace signalbox::queue
