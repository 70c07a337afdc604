#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/frame.hpp"
#include "hub/job_ledger.hpp"

namespace signalbox::hub {

/// Who has come online since these were handed over last (true), or gone.
using PresenceChanges = std::unordered_map<std::string, bool>;

/// Where outcomes, and the names of those online, outlive the process. Calls only queue; what they ask for is done in
/// their order, elsewhere.
///
/// thread  any; called under the directory's locks, and so must not call back into it.
class OutcomeStore {
 public:
  using Committed = std::move_only_function<void(bool durable)>;
  using Found = std::move_only_function<void(const std::vector<StoredOutcome>& outcomes)>;
  virtual ~OutcomeStore() = default;

  /// False: it cannot write at present. Outcomes are refused then, and nothing is lost silently.
  virtual bool healthy() const = 0;
  virtual void put(std::string_view user, std::string_view job_id, const JobEntry& outcome) = 0;
  virtual void had(std::string_view user, Outcomes outcomes, WallMs at) = 0;
  virtual void forget(std::string_view user, std::string_view job_id, std::uint64_t number) = 0;
  virtual void presence(PresenceChanges changes) = 0;
  /// Calls back, on a thread of the store, when all that was asked before is on the disk, or cannot be brought there.
  virtual void when_committed(Committed callback) = 0;
  /// Calls back, on a thread of the store, with all outcomes of this user that were put before, on the disk or not.
  /// What cannot be read is not among them.
  virtual void read(std::string_view user, Found callback) = 0;
  /// All that is kept, one after the other. Once, before anything else.
  virtual void load(const std::function<void(StoredOutcome)>& take) = 0;
  /// Who was online when the last process ended. Once, before anything else but load().
  virtual std::vector<std::string> online() = 0;
};

}  // namespace signalbox::hub
