#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "queue/bullmq_entry.hpp"
#include "queue/held_queue.hpp"
#include "queue/stream_begin.hpp"

namespace signalbox::queue {

/// One queue of BullMQ. The source reads its stream, together with those of other queues.
///
/// Entries between the last one that was read and the next may have been trimmed; then all that is left of the stream
/// is read. So a reading of far fewer entries than the stream keeps has no gap before it, and before any other the
/// stream is looked at, in the moment in which it is read. No time counts: what this process slept through does not
/// matter.
///
/// thread  as HeldQueue.
class BullmqQueue final : public HeldQueue {
 public:
  /// `since`: from where it is read where nobody has read it; nothing: from its end.
  BullmqQueue(const ReaderParts& parts, JobReaderOptions options, std::optional<StreamId> since);

  const std::string& stream() const { return stream_; }
  StreamId cursor() const { return cursor_; }
  /// Is its stream to be read now?
  bool is_read() const { return reads() && reader().has_room(); }
  /// Will it be in a moment, when what was read has been told?
  bool is_read_soon() const { return reads() && !reader().has_room() && !reader().stands(); }
  /// It is read now. Is its stream to be looked at first?
  bool begin_reading();
  void on_state(StreamId cursor, const redis::Answer& answer);
  /// Entries that were read behind that cursor; with `full` there may be more. Where they are not taken, they are to be
  /// read again.
  void take_read(StreamId cursor, ReadEntries read, bool full);
  void on_refused(const redis::Error& why) { begin_again(why.text); }
  /// Also where nothing is read it is looked at once in a while, for its entries may begin anew below the cursor.
  void look_again() { looks_ = true; }

 private:
  void begin(std::optional<StreamId> stored) override;
  void begin_at(const StreamState& stream, std::optional<StreamId> stored);
  void mend_trimmed(const StreamState& stream, std::uint64_t since_ms);

  const std::string stream_;
  const std::optional<StreamId> since_;
  StreamId cursor_{};              ///< up to there it was read
  std::optional<StreamId> asked_;  ///< the cursor of this reading
  bool looks_ = false;             ///< it is to be looked at when it is read next
  bool sure_ = false;              ///< it was looked at in this reading, and what comes next stood there then
  std::size_t length_ = 0;         ///< when it was looked at
  log::RareWarning trimmed_;
};

}  // namespace signalbox::queue
