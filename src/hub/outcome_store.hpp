#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/frame.hpp"
#include "hub/job_ledger.hpp"

namespace signalbox::hub {

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
};

/// An outcome that can never be written.
struct RefusedOutcome {
  std::string user, job_id;
  std::uint64_t number = 0;
  std::optional<JobEntry> before{};  ///< what the store has of this job: an earlier outcome
};

/// Where outcomes, and the names of those online, outlive the process. Calls only queue; what they ask for is done in
/// their order, elsewhere.
///
/// thread  any; called under the directory's locks, and so must not call back into it.
class OutcomeStore {
 public:
  using Committed = std::move_only_function<void(Commit)>;
  using Refused = std::function<void(RefusedOutcome)>;
  using Found = std::move_only_function<void(const std::vector<StoredOutcome>& outcomes)>;
  virtual ~OutcomeStore() = default;

  /// Outcomes are refused in all states but the first, and nothing is lost silently.
  virtual StoreState state() const = 0;
  bool ready() const { return state() == StoreState::ready; }
  /// Once a second: does the disk answer? If not, those who wait for it are called back. Under no lock.
  virtual void look(TimePoint now) = 0;
  CommitGroup new_group() { return groups_.fetch_add(1, std::memory_order_relaxed) + 1; }
  virtual void put(std::string_view user, std::string_view job_id, const JobEntry& outcome, CommitGroup group) = 0;
  virtual void had(std::string_view user, Outcomes outcomes, WallMs at) = 0;
  virtual void forget(std::string_view user, std::string_view job_id, std::uint64_t number) = 0;
  virtual void presence(PresenceChanges changes) = 0;
  /// Calls back, on any thread, when all that was asked before is on the disk, or cannot be brought there:
  /// with what has become of this group, of which nothing is put any more. Once for each group that has outcomes.
  virtual void when_committed(CommitGroup group, Committed callback) = 0;
  /// Calls back, on any thread, with all outcomes of this user that were put before, on the disk or not.
  /// What cannot be read, also because the disk does not answer, is not among them.
  virtual void read(std::string_view user, Found callback) = 0;
  /// The same of these jobs alone, in their order, until what is read comes to so many bytes.
  virtual void read_jobs(std::string_view user, std::vector<std::string> jobs, std::size_t bytes, Found callback) = 0;
  /// Takes one outcome. False: of those that follow only the keys are wanted, and soon their data is not read.
  using Take = std::function<bool(StoredOutcome)>;
  /// All that is kept, one after the other, and those of one user together. Once, before anything else.
  virtual void load(const Take& take) = 0;
  /// Who was online when the last process ended. Once, before anything else but load().
  virtual std::vector<std::string> online() = 0;
  /// Calls back, on any thread, with each outcome that can never be written, before who waits for its group
  /// hears of it. Before anything else is put.
  virtual void on_refused(Refused callback) = 0;

 private:
  std::atomic<CommitGroup> groups_{0};
};

}  // namespace signalbox::hub
