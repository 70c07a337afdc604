#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "recovery/numbered_outbox.hpp"

namespace signalbox::recovery {

/// The numbered outboxes of one shard, by slot: those of sockets that are connected, and those whose clients may come
/// back.
///
/// thread  its shard.
class OutboxTable {
 public:
  OutboxTable(const Surroundings& around, History& history) : around_(around), history_(history) {}

  NumberedOutbox* find(std::uint32_t slot, std::uint32_t generation) const;
  NumberedOutbox* find(const SocketRef& socket) const { return find(socket.slot, socket.generation); }
  NumberedOutbox& of(std::uint32_t slot) const { return *outboxes_[slot]; }
  /// The socket of that slot, if its client is gone and may come back.
  const SocketFacts* away(std::uint32_t slot) const;
  NumberedOutbox& add(SocketFacts socket, std::string pid);
  /// Its slot stays the socket's.
  void erase(const NumberedOutbox& outbox) { outboxes_[outbox.socket.ref.slot].reset(); }
  /// Its socket is no more.
  void drop(NumberedOutbox& outbox);

  /// Its client is gone, and may come back. False: it may not.
  bool wait_for(NumberedOutbox& outbox, TimePoint now);
  /// It is not waited for any longer.
  void give_up(NumberedOutbox& outbox, TimePoint now);
  void on_letter(const GiveUp& letter);

  TimePoint next_deadline() const { return away_.empty() ? kNever : away_.front().at; }
  void on_timer(TimePoint now);

 private:
  struct Deadline {
    SocketRef socket;
    TimePoint at;
  };
  NumberedOutbox* take_first_away();

  const Surroundings& around_;
  History& history_;
  std::vector<std::unique_ptr<NumberedOutbox>> outboxes_;
  std::deque<Deadline> away_;  ///< by the end of the window
};

}  // namespace signalbox::recovery
