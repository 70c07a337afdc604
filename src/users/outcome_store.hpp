#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/frame.hpp"
#include "users/job_ledger.hpp"

namespace signalbox::users {

/// Who has come online since these were handed over last (true), or gone.
using PresenceChanges = std::unordered_map<std::string, bool>;

/// Outcomes whose commit somebody waits for together; 0: nobody does.
using CommitGroup = std::uint64_t;

/// How a store does.
enum class StoreState : std::uint8_t {
  ready,
  full,     ///< more waits for the disk than may
  failing,  ///< the disk cannot be written
  hanging,  ///< the disk does not answer
};

/// What has become of the outcomes of a group.
enum class Commit : std::uint8_t {
  durable,    ///< they are on the disk
  nowhere,    ///< nothing of it goes to a disk
  failed,     ///< the disk cannot be written at present: the store goes on trying
  unknown,    ///< the disk does not answer: they may get there, or not
  refused,    ///< one of them can never be written, and is not kept; the others are on the disk
  too_large,  ///< the same, because of its size
  no_room,    ///< with several nodes: its user has too many unread ones over all of them, and it is not kept
};

/// An outcome that can never be written.
struct RefusedOutcome {
  std::string user, job_id;
  std::uint64_t number = 0;
  Row row = 0;
  std::optional<JobEntry> before{};  ///< the outcome that it was to replace: it stays, in the row of this one
};

/// An outcome as a start finds it. The texts are valid until its taker returns.
struct StoredOutcome {
  Row row = 0;
  std::uint64_t number = 0;
  WallMs time = 0;
  WallMs received_at = 0;
  std::string_view user, job_id;
  std::string_view packet{};  ///< empty: it was not read
};

/// A user has received an outcome that another node's store has, of which that node has still to hear.
struct OwedReceipt {
  std::string home;  ///< that store's name
  Row row = 0;       ///< there
  std::string user;
  WallMs at = 0;
  bool operator==(const OwedReceipt&) const = default;
};

/// What all outcomes of a store come to, with their data: about so many bytes.
struct StoredExtent {
  std::size_t outcomes = 0, bytes = 0;
};

/// Where outcomes, and the names of those online, outlive the process. Calls only queue; what they ask for is done in
/// their order, elsewhere.
///
/// thread  any; called under the directory's locks, and so must not call back into it.
class OutcomeStore {
 public:
  using Committed = std::move_only_function<void(Commit)>;
  using Refused = std::function<void(RefusedOutcome)>;
  using Found = std::move_only_function<void(const std::vector<StoredFrame>& outcomes)>;
  virtual ~OutcomeStore() = default;

  /// Outcomes are refused in all states but the first, and nothing is lost silently.
  virtual StoreState state() const = 0;
  bool ready() const { return state() == StoreState::ready; }
  /// Once a second: does the disk answer? If not, those who wait for it are called back. Under no lock.
  virtual void look(TimePoint now) = 0;
  CommitGroup new_group() { return groups_.fetch_add(1, std::memory_order_relaxed) + 1; }
  /// Its row from now on. The row `replaces` goes with the same commit; 0: none does.
  virtual Row put(std::string_view user, const JobEntry& outcome, Row replaces, CommitGroup group) = 0;
  virtual void received(std::string_view user, std::vector<Row> rows, WallMs at) = 0;
  /// The same where another node said so.
  virtual void received_elsewhere(std::string_view user, std::vector<Row> rows, WallMs at) {
    received(user, std::move(rows), at);
  }
  /// Is it to be told when there is progress of a job? At most once a second a job.
  virtual bool wants_progress() const { return false; }
  virtual void progress(std::string_view, std::string_view) {}
  virtual void forget(std::vector<Row> rows) = 0;
  // A receipt that this node owes to another stays here until that has answered.
  virtual void owe(OwedReceipt) {}
  virtual void paid(std::string_view /*home*/, Row) {}
  /// All of them. Once, before any is added.
  virtual std::vector<OwedReceipt> owed() { return {}; }
  /// Can packets be read from here, so that they need not be in memory?
  virtual bool keeps_packets() const { return true; }
  virtual void presence(PresenceChanges changes) = 0;
  /// The wall clock was set: what has been put since the start was dated by the clock before, and is so much later.
  virtual void redate(std::int64_t by) = 0;
  /// Whatever is dated later than that is dated so.
  virtual void date_at_most(WallMs time) = 0;
  /// Calls back, on any thread, when all that was asked before is on the disk, or cannot be brought there:
  /// with what has become of this group, of which nothing is put any more. Once for each group that has outcomes;
  /// group 0 is nobody's, for who waits for something else.
  virtual void when_committed(CommitGroup group, Committed callback) = 0;
  /// Calls back, on any thread, with the packets of these, in their order, on the disk or not, until what was read
  /// comes to so many bytes. What cannot be read, also because the disk does not answer, is not among them.
  virtual void read(std::vector<StoredFrame> wanted, std::size_t bytes, Found callback) = 0;
  virtual StoredExtent extent() = 0;
  /// Takes one outcome. False: packets are not wanted any more, and soon are not read.
  using Take = std::function<bool(const StoredOutcome&)>;
  /// All that is kept, in the order of rows. Once, before anything else.
  virtual void load(bool packets, const Take& take) = 0;
  /// Who was online when the last process ended. Once, before anything else but load().
  virtual std::vector<std::string> online() = 0;
  /// Calls back, on any thread, with each outcome that can never be written, before who waits for its group
  /// hears of it. Before anything else is put.
  virtual void on_refused(Refused callback) = 0;

 private:
  std::atomic<CommitGroup> groups_{0};
};

}  // namespace signalbox::users
