#pragma once
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <signalbox/event_registry.hpp>

#include "hub/connect_attempt.hpp"
#include "hub/hub.hpp"
#include "hub/outbox.hpp"
#include "hub/pending_acks.hpp"
#include "hub/registry.hpp"
#include "hub/token_expiry.hpp"
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
  std::string_view user_id() const { return user_ ? std::string_view(user_->id) : user_id_; }
  const std::string& user_json() const { return user_json_; }
  Handshake handshake() const;
  const Config& config() const;
  SocketRef ref() const { return outbox_.ref(); }
  Client& client() const { return outbox_.client(); }
  Outbox& outbox() { return outbox_; }
  /// Has its client come back, with what it missed?
  bool recovered() const { return recovered_; }

  /// The newest unread outcome that could not be read when this socket was told the others; 0: none. Receipts count
  /// only for outcomes newer than it.
  std::uint64_t withheld() const { return withheld_; }
  /// Is it one of a user whom the directory knows?
  bool joins_directory() const;
  /// Joins the directory, answers the client, tells the application. In one turn, so that nothing comes between.
  void welcome();
  /// The same as the socket that the client has been before, which the directory has.
  void welcome_back(const recovery::FoundSocket& found);
  void on_event(const socketio::PacketView& packet, Attachments attachments, TimePoint now);
  void on_ack(std::uint64_t id, const JsonView& payload, Attachments attachments);

  void emit(std::string_view event, std::string_view arguments, const Attachments& attachments = {});
  void emit_with_ack(std::string_view event, std::string_view arguments, const Attachments& attachments, OnAck on_ack,
                     Milliseconds timeout);
  void send_ack(std::uint64_t id, std::string_view array, const Attachments& attachments);
  void send_outcome(const FrameRef& frame, std::uint64_t number);
  /// An outcome of this number was queued: its receipt is to be confirmed.
  void sent_outcome(std::uint64_t number);
  /// The client has received all outcomes up to this number that the socket was sent.
  void confirm(std::uint64_t number);
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
  void hear_of_others(std::uint64_t heard = 0);
  void accept(std::string_view pid, const std::function<void()>& between = {});
  void count_elsewhere();
  void introduce();
  void keep_user(std::string json);
  void tell(const users::UserJobs::Replay& replay);
  PendingAcks& acks();
  void handle(std::string_view event, Arguments arguments, Ack ack);
  void renew_token(std::string_view arguments, Ack ack, TimePoint now);
  void refuse(std::string_view code, std::string_view message, TimePoint now);
  void give_up(std::vector<OnAck> waiting, AckError error);
  Ack make_ack(std::uint64_t id);

  Outbox outbox_;
  std::array<char, 20> id_;
  bool welcomed_ = false;
  bool left_ = false;
  bool recovered_ = false;
  std::uint64_t withheld_ = 0;
  const users::User* user_ = nullptr;  ///< its entry in the directory; for the main namespace alone
  std::string user_id_;                ///< empty in the main namespace, where the directory has it
  std::string user_json_;
  std::unique_ptr<std::string> auth_;  ///< the connect payload, if anything is left of it
  TokenExpiry expiry_;
  std::unique_ptr<PendingAcks> acks_;  ///< few sockets ever wait for one
};

}  // namespace signalbox::hub
