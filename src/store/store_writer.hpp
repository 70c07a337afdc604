#pragma once
#include <atomic>
#include <future>
#include <optional>
#include <string>

#include "base/histogram.hpp"
#include "base/log.hpp"
#include "store/outcome_file.hpp"
#include "store/store_queue.hpp"
#include "users/outcome_store.hpp"

namespace signalbox::store {

/// Does what its queue says, on a thread of its own: the only one that touches the file.
class StoreWriter {
 public:
  /// `unique_rows`: no row is one of an earlier start.
  StoreWriter(std::string directory, StoreQueue::Options options, bool unique_rows)
      : queue(options), directory_(std::move(directory)), unique_rows_(unique_rows) {}

  /// The whole life of the thread: opens the file, serves the queue until its end, closes the file.
  void run();

  StoreQueue queue;
  Histogram commits;                               ///< what a transaction with outcomes took
  std::promise<void> opened;                       ///< or why not
  std::atomic<TimePoint> last_sign{Clock::now()};  ///< of life, while it opens the file
  users::OutcomeStore::Refused refused;

 private:
  void serve(OutcomeFile& file);
  bool write(OutcomeFile& file, const Batch& batch);
  StoreQueue::Fault drop(OutcomeFile& file, const OutcomeFile::Refused& one);
  void read_some(OutcomeFile& file);

  const std::string directory_;
  const bool unique_rows_;
  log::RareWarning step_refused_, cannot_read_;
  std::optional<StoreQueue::Question> reading_;
};

}  // namespace signalbox::store
