#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "base/limit.hpp"
#include "base/text.hpp"
#include "cluster/inbox.hpp"
#include "cluster/node_channels.hpp"
#include "cluster/offered_groups.hpp"
#include "cluster/outcome_index.hpp"
#include "cluster/shared_receipts.hpp"
#include "users/directory.hpp"

namespace signalbox::cluster {

/// Outcomes on all nodes: each is in the store of the node that accepted it, and in the index that Redis has. A user
/// who logs in anywhere is told what the index has; a receipt goes to the index and to whoever holds the outcome, until
/// both have it. When Redis was away or has lost its memory, nodes offer again what they hold and nobody has received.
///
/// thread  the cluster's; `groups` any.
class SharedLedger {
 public:
  static constexpr Milliseconds kPatience{1000};  ///< so long Redis is waited for

  struct Around {
    users::Directory& directory;
    users::OutcomeStore& disk;
    NodeChannels& nodes;
    /// Runs it on the cluster's thread.
    std::function<void(std::move_only_function<void()>)> post;
    /// Calls who waits for an outcome, elsewhere.
    OfferedGroups::CallBack call_back;
    /// Has this node clients of that user, or do any come?
    std::function<bool(std::string_view user)> is_here;
    /// Tells sockets on other nodes.
    std::function<void(Emitted)> relay;
  };
  SharedLedger(std::string home, Around around, OutcomeIndex& index, std::size_t json_depth);

  const std::string& home() const { return home_; }
  /// The row under which this node keeps that outcome.
  users::Row row_of(const OutcomeName& name);
  /// Of a plain emitter's: the same on every node.
  static OutcomeName name_of_emitted(std::string_view user, const Frame& event);
  /// Has this node heard that it was received, although not all have?
  bool was_received(const OutcomeName& name) const { return receipts_.received_at(name).has_value(); }
  /// A plain emitter's outcome is entered: by each node that hears it.
  void enter(std::string_view user, const Frame& event);

  void on_task(const Offered& offered);
  void on_task(const Refused& refused);
  void on_task(const Received& received);
  void on_task(const Progressed& progressed, TimePoint now);
  /// `from`: whoever is to be thanked.
  void on_receipt(std::string_view from, const RelayedReceipt& receipt, TimePoint now);
  void on_thanks(const RelayedThanks& thanks) { receipts_.on_thanks(thanks); }
  void on_replacement(const RelayedReplacement& replacement);
  /// Brings what the index has of a user into the ledger, and calls `then`; at once if that was done.
  void prepare(const std::string& user, std::move_only_function<void()> then);
  /// The same for somebody who is here, and may have missed something.
  void bring(const std::string& user);
  /// Somebody was let in without what the index has, or an outcome had no room here: it is brought with the next look.
  void read_later(const std::string& user) { unread_.insert(user); }
  void on_gone(const std::string& user);
  /// Messages with outcomes have not reached other nodes: they are offered again.
  void on_unpublished() { behind_ = true; }

  void on_connected();
  void on_lost();
  /// Is Redis' memory still the one that we know?
  void look_at_epoch();
  TimePoint next_deadline() const {
    return std::min(receipts_.next_deadline(), progress_.empty() ? kNever : progress_.front().at);
  }
  void on_timer(TimePoint now);
  std::uint64_t offered_again() const { return offered_again_; }

  OfferedGroups groups;

 private:
  OutcomeName name_of(users::Row row) const;
  /// Nothing: Redis does not answer; it will be offered again.
  using Then = std::move_only_function<void(std::optional<OutcomeIndex::How> how)>;
  void offer(const OutcomeIndex::Offer& offer, Then then);
  void note_received(const std::string& user, const OutcomeName& name, users::WallMs at);
  void on_entered(const OutcomeIndex::Offer& offer, const OutcomeIndex::Entered& entered);
  void tell_replaced(const std::string& user, const OutcomeName& name);
  void forget_at_home(const std::string& user, const OutcomeName& name);
  void write_progress(TimePoint now);
  void on_progress_lost();
  void catch_up();
  FrameRef job_event_in(std::string_view bytes, std::string_view user, FrameKind kind) const;
  bool take(const std::string& user, const IndexedJobs& jobs, users::WallMs read_at);
  void offer_all_again();
  bool offers_again() const;
  bool may_offer_more() const { return on_their_way_ < kAtOnce && bytes_on_their_way_ < kBytesAtOnce; }
  void go_on_offering();
  void offer_next();
  void read_and_offer(std::vector<users::Ledger::Unread> unread);
  void offer_again(const users::Ledger::Unread& unread);

  static constexpr std::size_t kBytesAtOnce = 4u << 20;
  static constexpr std::size_t kAtOnce = 200;  ///< offers again on their way, and users who are read again

  const std::string home_;
  const Around around_;
  OutcomeIndex& index_;
  const std::size_t json_depth_;
  SharedReceipts receipts_;
  Limit no_room_;
  std::vector<std::string> homes_;  ///< of others; a row has its home's place here
  bool connected_ = false;
  bool behind_ = true;  ///< Redis may not have all that it was offered
  std::string epoch_;
  std::unordered_set<std::string> prepared_;  ///< users whose outcomes were brought, and who are here since
  std::unordered_set<std::string> unread_;    ///< users who are here, and whose outcomes could not be read
  users::WallMs progress_since_ = 0;          ///< the index has all progress from then on
  std::deque<std::string> to_read_;           ///< users who are here, and are to be read again
  std::size_t reading_ = 0;                   ///< of them
  bool catching_up_ = false;
  struct Progress {
    TimePoint at;
    Progressed of;
  };
  std::deque<Progress> progress_;  ///< to be written

  // What is offered again, stripe by stripe.
  std::uint64_t round_ = 0;
  std::size_t next_stripe_ = users::Stripes::kCount;
  std::deque<users::Ledger::Unread> again_;
  std::size_t on_their_way_ = 0, bytes_on_their_way_ = 0;
  bool offering_ = false;
  std::uint64_t offered_again_ = 0;
};

}  // namespace signalbox::cluster
