#pragma once
#include <cstddef>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include <signalbox/config.hpp>

#include "base/clock.hpp"
#include "base/message.hpp"
#include "users/broadcasts.hpp"
#include "users/encode.hpp"
#include "users/ledger.hpp"
#include "users/ledger_reader.hpp"
#include "users/presence.hpp"
#include "users/presence_observers.hpp"
#include "users/refusal.hpp"
#include "users/sockets.hpp"

namespace signalbox::users {

/// What the directory must know of the configuration.
struct DirectoryOptions {
  DirectoryOptions(const Config& config = {})  // implicit: a Config will do
      : presence_events(config.presence_events),
        presence_grace(config.presence_grace),
        restart_grace(config.restart_grace),
        max_connections_per_user(config.max_connections_per_user),
        notices_bytes(config.total_queue_bytes),
        ledger(config) {}

  bool presence_events;
  Milliseconds presence_grace;
  Milliseconds restart_grace;            ///< for those who were online before the start
  std::size_t max_connections_per_user;  ///< 0: no limit
  std::size_t notices_bytes;             ///< that somebody has still to hear
  LedgerOptions ledger;
  LedgerClock::Source clock{};
};

/// All that is known of users, over one table of them; the one place where the order of a user's events is decided.
///
/// thread  any, but for what says another.
class Directory {
 public:
  Directory(Mailboxes& mailboxes, DirectoryOptions options);
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  /// This node is one of several. Before any other call.
  void join(OtherNodes& others) { users_.others = &others; }
  /// From now on outcomes and presence go to this store as well. Its outcomes are told at logins, and users who were
  /// online stay so for a grace. Before any other call.
  void open(OutcomeStore& store, TimePoint now);

  /// Keeps a job event and pushes the frame to every socket of the user: all or none. Returns how many, with those of
  /// other nodes. A caller that waits for the store gives a group.
  std::expected<std::size_t, Refusal> emit(std::string_view user, EncodedEvent event, CommitGroup group = 0) {
    return emit(user, std::move(event), {.group = group, .others = users_.others});
  }
  /// The same for an event that another node was given: to this node's sockets alone. `row`: of an outcome, if another
  /// node holds it; one that is here already is not taken again.
  std::expected<std::size_t, Refusal> take(std::string_view user, EncodedEvent event, Row row) {
    return emit(user, std::move(event), {.row = row, .once = true});
  }
  /// The same for an event that every node of its user hears. An outcome that comes again is told again.
  std::expected<std::size_t, Refusal> hear(std::string_view user, EncodedEvent event, Row row) {
    return emit(user, std::move(event), {.row = row});
  }
  /// The same for what was found of a user later, the oldest first: what is new of it goes to the sockets that are
  /// here. False: something had no room, and is to be found again.
  bool take_found(std::string_view user, std::vector<Ledger::Found> found, std::optional<Ledger::AllProgress> all = {});
  /// All or none. Returns how many of these went to a socket. The order within a user is that of the list.
  std::expected<std::size_t, BatchRefusal> emit_all(std::vector<Emission> emissions, CommitGroup group = 0);

  std::size_t entries() const { return users_.entries(); }
  Mailboxes& mailboxes() const { return mailboxes_; }

  /// The server ends. Nobody goes offline any more, since clients that it closes will be back. The store gets the users
  /// who are online now.
  void hold_presence();

  /// The earliest end of a grace, or the next look for jobs whose time has ended. Shard 0 calls on_timer() then.
  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

 private:
  struct Way {
    CommitGroup group = 0;
    OtherNodes* others = nullptr;  ///< to whom it is relayed
    Row row = 0;                   ///< of an outcome that another node holds
    bool once = false;             ///< that outcome is not taken again
  };
  std::expected<std::size_t, Refusal> emit(std::string_view user, EncodedEvent event, const Way& way);
  /// For how many sockets it was queued, and its row.
  struct Posted {
    std::size_t queued;
    Row row;
  };
  /// Nothing: a mailbox has no room.
  std::optional<Posted> post(Stripe& stripe, User& user, EncodedEvent event, const Way& way,
                             const ToldOnce::Verdict& verdict, bool room_seen);
  std::size_t relay(const Stripe& stripe, const HashedText& user, FrameRef event, const Posted& here,
                    OtherNodes& others) const;
  void begin_second(TimePoint now);

  Mailboxes& mailboxes_;
  const DirectoryOptions options_;
  Stripes users_;
  LedgerState state_;
  LedgerExpiry expiry_;
  TimePoint next_second_{};  ///< shard 0 alone

 public:
  Broadcasts broadcasts;
  Ledger ledger;
  LedgerReader reader;
  Presence presence;
  Sockets sockets;

 private:
  StoredPresence stored_presence_;
  BroadcastPresence broadcast_presence_;
};

}  // namespace signalbox::users
