#pragma once
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <signalbox/event_registry.hpp>

#include "base/shared_text.hpp"
#include "hub/connect_attempt.hpp"
#include "hub/hub.hpp"
#include "hub/outbox.hpp"
#include "hub/pending_acks.hpp"
#include "hub/registry.hpp"
#include "hub/socket_owner.hpp"
#include "socketio/packet.hpp"

namespace signalbox::hub {

class Client;

/// One client's membership in one namespace: what is behind the public Socket. Owned by its Client.
///
/// thread  its shard.
class SocketState {
 public:
  /// Accepted by the namespace's chain: the attempt says as whom, if as anyone, and loses that.
  SocketState(Client& client, const Namespace& nsp, ConnectAttempt& attempt, TimePoint now);
  ~SocketState();

  std::string_view id() const { return {id_.data(), id_.size()}; }
  const Namespace& nsp() const { return outbox_.nsp(); }
  Handshake handshake() const;
  SocketRef ref() const { return outbox_.ref(); }
  Client& client() const { return outbox_.client(); }
  Outbox& outbox() { return outbox_; }
  SocketOwner& owner() { return owner_; }
  const SocketOwner& owner() const { return owner_; }
  /// Has its client come back, with what it missed?
  bool recovered() const { return recovered_; }

  /// Joins the directory, answers the client, tells the application. In one turn, so that nothing comes between.
  void welcome();
  /// The same as the socket that the client has been before, which the directory has.
  void welcome_back(const recovery::FoundSocket& found);
  void on_ack(std::uint64_t id, const JsonView& payload, Attachments attachments);

  void emit(std::string_view event, std::string_view arguments, const Attachments& attachments = {});
  /// The same for an event of its namespace that many sockets get: it is encoded once.
  void emit(const FrameRef& packet, std::span<const FrameRef> attachments);
  void emit_with_ack(std::string_view event, std::string_view arguments, const Attachments& attachments, OnAck on_ack,
                     Milliseconds timeout);
  /// An outcome of this number, past recovery.
  void send_outcome(const FrameRef& frame, std::uint64_t number);
  /// One was queued: its receipt is to be confirmed.
  void sent_outcome(std::uint64_t number);
  /// `41`: the client does not come back by itself.
  void disconnect(bool close);
  /// No longer a member, for whatever reason: gone from the directory, the application told, once.
  void leave(CloseReason reason, TimePoint now);
  bool left() const { return left_; }
  /// Has its client been told that it is in?
  bool welcomed() const { return welcomed_; }

  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

 private:
  void accept(std::string_view pid, const std::function<void()>& between = {});
  void introduce();
  PendingAcks& acks();

  Outbox outbox_;
  std::array<char, 20> id_;
  bool welcomed_ = false;
  bool left_ = false;
  bool recovered_ = false;
  SocketOwner owner_;
  SharedText auth_;                    ///< the connect payload, if anything is left of it
  std::unique_ptr<PendingAcks> acks_;  ///< few sockets ever wait for one
};

}  // namespace signalbox::hub
