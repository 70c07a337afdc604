#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "queue/bullmq_queue.hpp"
#include "queue/entry_count.hpp"
#include "queue/queue_source.hpp"
#include "queue/reading_pace.hpp"

namespace signalbox::queue {

/// Reads the queues of BullMQ 5 and 6: the streams of all that this node holds in one XREAD.
class BullmqSource final : public QueueSource<BullmqQueue> {
 public:
  static constexpr Milliseconds kBlock{500}, kAgain{1000}, kPause{5}, kAloneEach{20};
  static constexpr std::size_t kManyQueues = 16;  ///< more are not read again at once for an entry of one of them

  /// `sink` outlives the thread.
  BullmqSource(redis::ClientThread& thread, Sink& sink, SourceOptions options);

  TimePoint next_deadline() const override;
  void on_timer() override;

 private:
  /// A queue, and from where it is read.
  struct Reading {
    BullmqQueue* queue;
    StreamId cursor;
  };
  using Readings = std::vector<Reading>;

  std::unique_ptr<BullmqQueue> make(const ReaderParts& parts, JobReaderOptions options) override;
  void on_look() override;
  void read();
  void read(Readings readings, std::optional<Milliseconds> block);
  void on_read(const Readings& readings, std::size_t most, redis::Answer answer);
  void take(const Readings& readings, std::size_t most, redis::Reply& answer);
  void on_unread(const Readings& readings, const redis::Error& why);
  void pause(Milliseconds time);

  std::size_t unanswered_ = 0;  ///< commands that read
  bool alone_ = false;          ///< each queue is read by a command of its own, since together they are refused
  bool refused_ = false;        ///< so was one by itself
  EntryCount count_;
  ReadingPace pace_;
  TimePoint read_at_ = kNever;  ///< a pause ends
};

}  // namespace signalbox::queue
