#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include <signalbox/utils.hpp>

#include "base/limit.hpp"
#include "users/directory.hpp"
#include "users/encode.hpp"
#include "users/outcome_store.hpp"

namespace signalbox::users {

/// Whose an event is.
enum class Origin : std::uint8_t {
  program,
  http,
  node,
  worker,  ///< by neither
  queue,   ///< says itself what becomes of its jobs
};
std::string_view to_text(Origin origin) noexcept;

/// The only way in for events to users, whoever emits them.
///
/// thread  any.
class Emitter {
 public:
  explicit Emitter(Directory& directory) : directory_(directory) {}
  /// Notices go to these as well. Before any other call.
  void join(OtherNodes& others) { others_ = &others; }

  /// Only while it runs events are taken; else they are refused with EmitError::stopped.
  void set_running(bool running) { running_.store(running, std::memory_order_release); }
  bool running() const { return running_.load(std::memory_order_acquire); }

  /// For how many sockets the event was queued, on all shards and nodes. Kept until it is received, an outcome of this
  /// group is on the disk when when_durable() says so.
  EmitResult emit(std::string_view user, EncodedEvent event, Origin origin, CommitGroup group = 0);
  /// Is it known of that user's job, by the name that its frames have, that it runs?
  bool runs(std::string_view user, std::string_view job) const { return directory_.ledger.runs(user, job); }
  /// Is that outcome of a queue kept, or known?
  bool knows(std::string_view user, const Frame& outcome) const { return directory_.ledger.knows(user, outcome); }
  /// All or none. Returns how many of these went to a socket. The order within a user is that of the list.
  std::expected<std::size_t, BatchError> emit_all(std::vector<Emission> emissions, Origin origin,
                                                  CommitGroup group = 0);
  /// To every socket that the directories of all nodes know, of these users; nothing is kept of it.
  std::expected<void, EmitError> emit_to_all(FrameRef notice, const Audience& to, Origin origin);

  /// The same of what another node was given: to this node's sockets alone.
  bool take_for_all(FrameRef notice) {
    return directory_.broadcasts.notice(std::move(notice), Audience::all()).has_value();
  }

  /// For outcomes whose commit somebody waits for together; 0 where no outcome ever lies on a disk.
  CommitGroup new_group() const;
  /// Once for each group that has outcomes, when nothing more is emitted of it: calls back, on any thread, with what
  /// has become of them. Of group 0 at once: with Commit::nowhere.
  void when_durable(CommitGroup group, OutcomeStore::Committed callback) const;
  /// The state of the store, or of memory where there is none.
  StoreState store_state() const;
  /// How many requests to emit were refused for that.
  std::uint64_t refused(EmitError why) const { return refused_[static_cast<std::size_t>(why)].load(); }

 private:
  EmitError error_of(Refusal refusal, Origin origin);

  Directory& directory_;
  OtherNodes* others_ = nullptr;
  Limit mailbox_{"MAILBOX_MESSAGES is reached: emits are refused"};
  Limit notices_{"notices that have not reached everybody take TOTAL_QUEUE_BYTES: further ones are refused"};
  std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(EmitError::store_full) + 1> refused_{};
  std::atomic<bool> running_{false};
};

}  // namespace signalbox::users
