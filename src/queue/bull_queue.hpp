#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/held_queue.hpp"

namespace signalbox::queue {

/// One queue of Bull, whose events are published and kept nowhere: what is published while nobody listens is found
/// later, in the lists of ended jobs. Channels know no database, so an end is believed only if the job's hash, where it
/// is, says the same.
///
/// thread  as HeldQueue.
class BullQueue final : public HeldQueue {
 public:
  static constexpr std::size_t kMostHeard = 20'000;  ///< that wait to be told
  static constexpr std::size_t kAtOnce = 500;        ///< the reader is given of these

  /// `since`: from where it is read where nobody has read it; nothing: from now on.
  BullQueue(const ReaderParts& parts, JobReaderOptions options, std::optional<StreamId> since);

  /// `full`: no more is taken for now.
  void on_published(const redis::Published& published, bool full);
  /// What was heard in this turn is told.
  void end_turn();
  std::size_t bytes() const override { return HeldQueue::bytes() + heard_bytes_; }

 private:
  void begin(std::optional<StreamId> stored) override;
  void on_end() override;
  void listen();
  void stop_listening();
  void on_confirmed();
  void hear(JobStep step, bool full);
  void take_heard();
  StreamId next_moment();

  const std::optional<StreamId> since_;
  const std::vector<std::string> channels_, patterns_;
  std::uint64_t since_ms_ = 0;  ///< what has ended since then is to be found; 0: nothing
  std::size_t listening_ = 0;   ///< the number of this time; 0: it does not
  std::size_t times_ = 0;
  std::size_t unconfirmed_ = 0;
  std::deque<JobStep> heard_;
  std::size_t heard_bytes_ = 0;
  bool heard_too_much_ = false;
  StreamId moment_{};  ///< of what was heard last
};

}  // namespace signalbox::queue
