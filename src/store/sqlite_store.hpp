#pragma once
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "store/store_queue.hpp"
#include "store/store_writer.hpp"
#include "users/outcome_store.hpp"

namespace signalbox::store {

/// Outcomes and the names of those online in a file that one thread writes in group commits: what waits goes in one
/// transaction. What cannot be written stays queued and is tried again each second; until then outcomes are refused.
/// What can never be written, because it is at fault itself, is refused alone. The outcomes of a user are read by the
/// same thread, a piece between two commits, so that no commit waits long for a user who has much.
///
/// A disk that does not answer holds up that thread and nothing else: look() notices it and close() leaves it behind.
///
/// thread  any. Callbacks come on any thread, too: that of the file, or the one in look() or close().
class SqliteStore final : public users::OutcomeStore {
 public:
  struct Options {
    StoreQueue::Options queue{};
    /// No row of this start is one of an earlier start, even of one whose outcomes are all gone. So it is from then on.
    bool unique_rows = false;
    /// Asked while the start waits for the disk, on the thread that starts: true ends that with a StoreError.
    std::function<bool()> give_up{};
  };

  /// Opens or makes `directory` (0700) and the file in it. Throws StoreError with what is wrong: not writable, not a
  /// database, of a newer version, in use by another server.
  explicit SqliteStore(const std::string& directory) : SqliteStore(directory, Options{}) {}
  SqliteStore(const std::string& directory, Options options);
  ~SqliteStore() override { close(Milliseconds{1000}); }

  /// What the file is called among those of other nodes. Once, before anything else is put.
  std::string name();
  /// Calls back soon, on the thread of the file or in its stead, as who waits for a commit.
  void call_back(std::move_only_function<void()> callback) { writer_->queue.call_back(std::move(callback)); }
  /// Waits until what was put is on the disk, at most so long; then calls back all that still wait.
  void settle(Milliseconds patience) { writer_->queue.settle(patience); }
  /// Writes what is queued and closes the file, in at most so long. A disk that does not answer by then is left to its
  /// thread, and the file stays locked while that lives. What was not written is logged, and all that wait for it are
  /// called back.
  void close(Milliseconds patience);

  std::size_t waiting_bytes() const { return writer_->queue.bytes(); }
  Histogram::Values commits() const { return writer_->commits.values(); }

  users::StoreState state() const override { return writer_->queue.state(); }
  void look(TimePoint now) override { writer_->queue.look(now); }
  Row put(std::string_view user, const users::JobEntry& outcome, Row replaces, users::CommitGroup group) override;
  void received(std::string_view user, std::vector<Row> rows, users::WallMs at) override;
  void forget(std::vector<Row> rows) override;
  void owe(users::OwedReceipt receipt) override;
  void paid(std::string_view home, Row row) override;
  std::vector<users::OwedReceipt> owed() override;
  void presence(users::PresenceChanges changes) override;
  void redate(std::int64_t by) override;
  void date_at_most(users::WallMs time) override;
  void when_committed(users::CommitGroup group, Committed callback) override;
  void read(std::vector<users::StoredFrame> wanted, std::size_t bytes, Found callback) override;
  users::StoredExtent extent() override;
  void load(bool packets, const Take& take) override;
  std::vector<std::string> online() override;
  void on_refused(Refused callback) override;

 private:
  template <class Call>
  auto ask(Call call);
  template <class Answer>
  Answer wait_for(std::future<Answer> answer) const;
  /// Ends the thread, or leaves it behind. True: it has ended.
  bool leave(Milliseconds patience);

  const std::string directory_;
  const Options options_;
  // Shared with its thread, since either may outlive the other: a disk may not answer before this has gone.
  const std::shared_ptr<StoreWriter> writer_;
  std::thread thread_;
};

}  // namespace signalbox::store
