#pragma once
#include <memory>
#include <string>

#include "queue/bull_queue.hpp"
#include "queue/queue_source.hpp"

namespace signalbox::queue {

/// Hears the queues of Bull 3 and 4.
class BullSource final : public QueueSource<BullQueue> {
 public:
  /// `sink` outlives the thread.
  BullSource(redis::ClientThread& thread, Sink& sink, SourceOptions options);

  void on_timer() override;

 private:
  void on_published(const redis::Published& published) override;
  void check(const std::string& name) override;
  std::unique_ptr<BullQueue> make(const ReaderParts& parts, JobReaderOptions options) override;

  bool full_ = false;  ///< when the last turn ended: a turn hears little, and of all queues it costs much
  log::RareWarning other_kind_;
};

}  // namespace signalbox::queue
