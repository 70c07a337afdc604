#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/counted.hpp"
#include "net/connection.hpp"
#include "net/shared.hpp"
#include "net/touched_list.hpp"
#include "reactor/slot_map.hpp"
#include "reactor/timers.hpp"

namespace signalbox::net {

class Budgets;

/// Hears of each connection that ends. thread: its shard's.
class ConnectionEnds {
 public:
  /// `owed`: it leaves an Engine.IO request without its answer. The descriptor has gone; what the call touches may end
  /// other connections.
  virtual void on_closed(Connection& connection, CloseReason reason, bool owed) = 0;

 protected:
  ~ConnectionEnds() = default;
};

/// The connections of a shard, which it owns: by slot, with their deadlines; read, written and watched.
///
/// Any function that gets a connection may close it, and so may any call into a session. The object stays, in
/// Mode::closed, until bury() at the end of a turn.
///
/// thread  its shard's.
class Connections {
 public:
  Connections(Shared& shared, const reactor::Loop& loop, Budgets& budgets, ConnectionEnds& ends);

  /// Its place is among the connections, or among the refused. Null: the kernel watches no more, and so it is closed.
  Connection* open(std::unique_ptr<Connection> made, Counted place);
  void close(Connection& connection, CloseReason reason = CloseReason::transport_close);
  /// One of them is counted as such, until it is closed.
  void became_websocket() { shared_.websockets.fetch_add(1, std::memory_order_relaxed); }
  /// Takes its descriptor and its place out of it, for another shard. The caller closes the rest.
  std::pair<Stream, Counted> take_out(Connection& connection);
  /// The shard has ended.
  void close_all(CloseReason reason);
  /// Null: it has gone.
  Connection* find(std::uint64_t id) const;
  /// Null: it has gone, or is at another request by now.
  Connection* find(const RequestId& request) const;
  template <class Visit>
  void for_each(Visit visit) {
    connections_.for_each(visit);
  }
  std::size_t size() const { return connections_.size(); }

  /// The bytes that came; empty: the peer will send no more. Nothing: none came, or it is closed. Valid until the next
  /// call; may be written to.
  std::optional<std::span<char>> read(Connection& connection);
  /// Writes; false: the connection is broken and closed. `written` grows by what was taken.
  bool write(Connection& connection, std::string_view bytes, std::size_t& written);
  /// The kernel takes bytes again. False: it is closed.
  bool on_writable(Connection& connection);
  void update_interest(Connection& connection);
  /// Reads those whose filter holds bytes, of which the kernel says nothing more.
  template <class Read>
  void read_unread(Read read) {
    for (const auto id : std::exchange(unread_, {}))
      if (Connection* connection = take_unread(id)) read(*connection);
  }
  bool has_unread() const { return !unread_.empty(); }

  /// Has the end of this turn look at it.
  void touch(Connection& connection);
  bool has_touched() const { return !touched_.empty(); }
  template <class Look>
  void look_at_touched(Look look) {
    touched_.look([&look](Connection& connection) {
      if (connection.mode != Mode::closed) look(connection);
    });
  }
  /// Forgets those that are closed, but not while they are touched.
  void bury();

  void set_deadline(Connection& connection, TimePoint deadline);
  template <class OnDeadline>
  void run_timers(OnDeadline on_deadline);
  TimePoint next_deadline() const { return timers_.next(); }
  std::size_t timers() const { return timers_.armed(); }

 private:
  Connection* armed_by(const reactor::TimerEntry& entry) const;
  Connection* take_unread(std::uint64_t id);

  Shared& shared_;
  const reactor::Loop& loop_;
  Budgets& budgets_;
  ConnectionEnds& ends_;
  reactor::SlotMap<Connection> connections_;
  reactor::Timers timers_;
  TouchedList<Connection> touched_;
  std::vector<std::uint64_t> unread_;
  std::vector<Connection*> dead_;  ///< closed in this turn
  std::unique_ptr<char[]> scratch_;
};

template <class OnDeadline>
void Connections::run_timers(OnDeadline on_deadline) {
  const TimePoint now = loop_.now();
  while (timers_.due(now)) {
    Connection* connection = armed_by(timers_.pop());
    if (!connection) continue;
    timers_.disarm(connection->armed);
    if (connection->mode == Mode::closed) continue;
    const bool due = connection->deadline <= now;
    set_deadline(*connection, due ? kNever : connection->deadline);
    if (due) on_deadline(*connection);
  }
  if (timers_.mostly_stale()) timers_.drop_stale([this](const auto& entry) { return armed_by(entry) != nullptr; });
}

}  // namespace signalbox::net
