#pragma once
#include <cstdint>
#include <deque>
#include <span>
#include <string>

#include "recovery/broadcast_numbers.hpp"
#include "recovery/numbers.hpp"
#include "recovery/outbox_table.hpp"

namespace signalbox::recovery {

/// Numbers what goes to the sockets of one shard, sends it where there is a connection, and keeps it until the client
/// has received it.
///
/// thread  its shard.
class Sender final : public Offsets {
 public:
  Sender(const Surroundings& around, OutboxTable& table, History& history, Numbers& numbers)
      : around_(around), table_(table), history_(history), numbers_(numbers) {}

  /// An event for one socket, from the directory. One whose client is on its way gets it when it is there.
  void deliver(Message& message);
  void give(NumberedOutbox& to, const FrameRef& source, std::uint64_t outcome);
  /// Under which number those who listen are told of it.
  std::uint64_t broadcast(const Message& message);
  std::uint64_t last_broadcast() const { return sequence_; }
  /// An event past the directory, with the frames of its attachments; kept alone where the client is away.
  void emit(const SocketRef& to, const FrameRef& source, std::span<const FrameRef> attachments);
  /// What the ledger tells at a login.
  void tell(const SocketRef& to, std::span<const users::JobEntry> entries);
  /// The client has received all that was sent to the socket up to this number.
  void received(const SocketRef& socket, std::uint64_t number);
  /// Its client is asked for a receipt of what it has been sent, after a while.
  void ask_later(NumberedOutbox& outbox);

  // Offsets, for broadcasts as they are told.
  std::uint64_t sent_to(std::uint32_t slot) const override { return table_.of(slot).history.newest(); }
  std::uint64_t number_from(std::uint64_t sequence) override;
  FrameRef with_offset(const FrameRef& source, std::uint64_t number) const override {
    return numbers_.with_offset(source, number);
  }
  void told(std::uint32_t slot, std::uint64_t sequence, std::uint64_t number) override {
    table_.of(slot).history.told(sequence, number);
  }

  TimePoint next_deadline() const { return to_ask_.empty() ? kNever : to_ask_.front().at; }
  void on_timer(TimePoint now);

 private:
  struct Deadline {
    SocketRef socket;
    TimePoint at;
  };
  std::span<const users::JobEntry> tell_without_offsets(NumberedOutbox& to, std::span<const users::JobEntry> entries);
  void keep(NumberedOutbox& outbox, History::Event event);
  void ask(NumberedOutbox& outbox);

  const Surroundings& around_;
  OutboxTable& table_;
  History& history_;
  Numbers& numbers_;
  std::deque<Deadline> to_ask_;
  std::uint64_t sequence_ = 0;  ///< of the last broadcast
};

}  // namespace signalbox::recovery
