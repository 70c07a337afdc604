#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <signalbox/config.hpp>

#include "base/clock.hpp"
#include "base/limit.hpp"
#include "store/outcome_file.hpp"
#include "store/store_step.hpp"
#include "users/outcome_store.hpp"

namespace signalbox::store {

/// What a store was asked to do and has not done yet: the steps in their order, the callbacks that wait for commits,
/// and the outcomes that are to be read.
///
/// All threads ask; one does what they ask, on a disk that may not answer. So what that thread is at stays here until
/// it is done, and the others can tell how much waits, notice that it takes too long, and answer in its stead.
class StoreQueue {
 public:
  using Committed = users::OutcomeStore::Committed;
  using Found = users::OutcomeStore::Found;
  using Task = std::move_only_function<void(OutcomeFile&)>;
  using Other = decltype(Step::what);

  /// What the store must know of the configuration.
  struct Options {
    Options(const Config& config = {})  // implicit: a Config will do
        : bytes(config.store_queue_bytes), timeout(config.store_timeout) {}

    std::size_t bytes;     ///< of what waits, beyond which outcomes are refused
    Milliseconds timeout;  ///< beyond which the disk counts as one that does not answer
  };
  explicit StoreQueue(Options options)
      : options_(options), full_("STORE_QUEUE_BYTES is reached: outcomes are refused with 429", options.bytes) {}

  // For all threads.

  users::StoreState state() const noexcept;
  /// Of what waits for the disk.
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  /// Takes an outcome in any state, for the caller has asked for the state. Returns its row.
  Row put(Put outcome);
  /// All other steps but dates only spare a user a repetition: they are dropped when far too much waits.
  void add(Other what);
  void when_committed(users::CommitGroup group, Committed callback);
  /// Calls back soon, where it calls those who wait for commits.
  void call_back(std::move_only_function<void()> callback);
  void read(Reading reading, Found callback);
  /// Does this on the thread that has the file, before anything else. At the start.
  void run(Task task);
  /// If the disk has been silent for the timeout, tells all that wait.
  void look(TimePoint now);
  /// Waits until all that was asked before is done or cannot be done, at most so long; then tells all that still wait.
  void settle(Milliseconds patience);
  /// Nothing more comes; waits until the other thread has done what it can, or for so long. False: it has not.
  bool end(Milliseconds patience);
  /// Calls back all that wait, and nobody later. Returns how many outcomes have not been written.
  std::size_t abandon();

  // For the thread that has the file.

  /// Rows begin behind that one. Before anything is put.
  void begin_behind(Row row);
  /// What is opened now is not wanted any more.
  bool ending();
  struct Work {
    std::vector<Task> tasks{};
    Batch batch{};  ///< to be written in one transaction; nothing of it moves or changes until that is told
    bool ending = false;
  };
  /// Waits until there is something to do.
  Work take();
  /// Around everything that may wait for the disk.
  void disk_begins();
  void disk_ends();
  /// A step that can never be written, and what its callback is told.
  struct Fault {
    const Step* step;
    users::Commit commit;
  };
  void written(const Batch& batch, const std::vector<Fault>& faults = {});
  void not_written(std::string_view what);
  struct Question {
    std::uint64_t number = 0;  ///< of all questions
    Reading reading;
  };
  /// Leaves the question that is to be answered next: the same, another one, or none. What of it waits to be written
  /// has its packets.
  void next_question(std::optional<Question>& question);
  void answer(Question question);
  /// Calls the asker, if it is still there.
  template <class Call>
  void call(Call&& outside) {
    const std::lock_guard lock(outside_);
    if (!abandoned_) std::forward<Call>(outside)();
  }
  /// It has done what it can, and has let go of the file.
  void ended();

 private:
  struct Waiting {
    std::uint64_t behind;  ///< how many steps were added before
    users::CommitGroup group;
    Committed callback;
  };
  struct Asked {
    Question question;
    Found callback;
  };
  using Told = std::vector<std::pair<Committed, users::Commit>>;

  bool push(Step step, bool in_haste);
  bool wakes();
  FrameRef unwritten(Row row) const;
  TimePoint due() const;
  Told take_waiting(users::Commit commit);
  void tell(Told told);

  const Options options_;
  Limit full_;
  log::RareWarning receipts_dropped_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<bool> failing_{false}, hanging_{false};

  // Guards what follows: every thread asks, one does. Not held while the disk is waited for.
  std::mutex mutex_;
  std::condition_variable changed_;         ///< there may be something to do
  std::condition_variable done_something_;  ///< or it is known that it cannot be done now
  std::deque<Step> steps_;                  ///< their rows rise
  Row last_row_ = 0;
  TimePoint write_at_ = kNever;  ///< the steps that nobody waits for
  std::uint64_t done_ = 0;       ///< how many steps have gone
  std::deque<Waiting> waiting_;
  std::deque<Asked> questions_;
  std::uint64_t last_question_ = 0;
  std::vector<Task> tasks_;
  std::unordered_map<users::CommitGroup, users::Commit> faults_;  ///< until the callback of that group is told
  TimePoint busy_since_ = kNever;
  TimePoint retry_at_{};
  TimePoint sleeps_until_ = TimePoint::min();  ///< the thread, unless it is woken; min: it does not sleep
  bool ending_ = false, has_ended_ = false;
  bool gone_ = false;  ///< nobody takes anything any more

  // Held while callbacks run: their owners must stay until these have returned.
  std::mutex outside_;
  bool abandoned_ = false;
};

}  // namespace signalbox::store
