#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "hub/connect_attempt.hpp"
#include "hub/hub.hpp"
#include "recovery/numbered_outboxes.hpp"

namespace signalbox::hub {

/// The outboxes of one shard's sockets: all plain, or all numbered (RECOVERY_WINDOW_MS). Of what is numbered,
/// recovery::NumberedOutboxes knows all; this brings it the clients, and the letters of other shards.
///
/// thread  its shard.
class Outboxes final : private recovery::Connections {
 public:
  explicit Outboxes(LocalSockets& local) : local_(local) {}

  /// Chooses what the settings say. Before any socket; until then they are plain.
  void open();
  /// What a client shows that wants to be an older socket: out of the payload, which handlers see without it.
  std::optional<recovery::Wish> take_wish(ConnectAttempt& attempt) const;
  /// An event for one socket, from the directory.
  void deliver(Message& message);
  /// Under which number those who listen are told of it; 0: under none.
  std::uint64_t number_of(const Message& broadcast);
  /// The socket of that slot, if its client is gone and may come back; null: there is none.
  const recovery::SocketFacts* away(std::uint32_t slot) const { return numbered_ ? numbered_->away(slot) : nullptr; }
  /// Keeps an event for such a socket.
  void keep(const recovery::SocketFacts& away, const FrameRef& packet, std::span<const FrameRef> attachments) {
    numbered_->sender.emit(away.ref, packet, attachments);
  }
  /// The client has received all that was sent to the socket up to this number.
  void received(const SocketRef& socket, std::uint64_t number);

  TimePoint next_deadline() const { return numbered_ ? numbered_->next_deadline() : kNever; }
  void on_timer(TimePoint now);

  /// What is kept for those who come back.
  std::size_t bytes() const { return numbered_ ? numbered_->bytes() : 0; }

 private:
  friend class Outbox;
  void send(const SocketRef& socket, const FrameRef& frame) override;
  void send_kept(const SocketRef& socket, const FrameRef& frame) override;
  void sent_outcome(const SocketRef& socket, std::uint64_t number) override;
  void ask_receipt(const SocketRef& socket, std::uint64_t number) override;
  void take_over(const SocketRef& socket) override;
  void answer(const SocketRef& socket, const recovery::FoundSocket* found) override;
  void release(const SocketRef& socket) override;
  bool post(std::uint32_t shard, recovery::Letter letter) override;

  LocalSockets& local_;
  std::unique_ptr<recovery::NumberedOutboxes> numbered_;  ///< null: they are plain
};

}  // namespace signalbox::hub
