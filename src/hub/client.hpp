#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/handshake_request.hpp"
#include "hub/event_budget.hpp"
#include "hub/hub.hpp"
#include "hub/login.hpp"
#include "hub/socket_state.hpp"

namespace signalbox::hub {

/// One client's Socket.IO connection: the namespaces that it joined, what it may still send, what it still owes.
/// Packets in; what goes out goes through the Link.
///
/// thread  its shard. source  Socket.IO protocol v5.
class Client {
 public:
  Client(Hub& hub, std::uint32_t shard, Link& link, HandshakeRequest handshake, TimePoint now);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void on_text(std::string_view message, TimePoint now);
  void on_binary(std::string_view bytes, TimePoint now);
  void on_closed(CloseReason reason, TimePoint now);
  void on_received(std::uint64_t marker, TimePoint now);
  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

  // For its logins, and for those who answer them.
  /// It is read as one with a login from now on, of this user if it has one.
  void admitted(std::string_view user_id);
  SocketState& take(std::unique_ptr<SocketState> socket);
  void refuse(const Namespace& nsp, const ConnectRefusal& refusal, TimePoint now);
  /// What is half-finished of it has changed.
  void count_partial();
  void on_admission(Login& login, const Middleware& last);
  /// The answer to Outbox::claim(): what was found; null: nothing, and the socket is a new one.
  void on_claim(SocketState& socket, const recovery::FoundSocket* found);
  void on_loaded(SocketState& socket);

  // For its sockets.
  Hub& hub() const { return hub_; }
  Link& link() const { return link_; }
  LocalSockets& local() const { return local_; }
  const HandshakeRequest& handshake() const { return handshake_; }
  /// One of its sockets is accepted, or another has gone: unless one waits for that still, it may take its time.
  void welcomed();
  /// An answer counts in what the client may ask for: SEND_QUEUE_BYTES of it as a second's worth of packets.
  void spend_answer(std::size_t bytes);
  /// So does what is told at a login, each event as a packet of its own, but for the first login of the connection.
  void spend_replay(std::size_t events, std::size_t bytes);
  /// The client broke the protocol: its connection ends.
  void fail(TimePoint now, CloseReason reason = CloseReason::parse_error);
  void close_if_empty(CloseReason reason, TimePoint now);
  /// Takes sockets that have left out of the list; they are destroyed when no call is in them any more.
  void forget_left(TimePoint now);
  /// Asks for a receipt of all that was sent so far; it counts for the outcomes up to `number` of that socket's user.
  void ask_receipt(const SocketRef& socket, std::uint64_t number);
  /// Asks for a receipt of what that socket was sent so far, up to `number` of its numbered outbox.
  void want_receipt(const SocketRef& socket, std::uint64_t number);
  /// SocketState::disconnect() by a call that does not come from inside this client.
  void disconnect(SocketState& socket, bool close);
  /// `41` to a socket of any shard, whose connection ends with it if it has no other.
  void send_away(const SocketRef& ref);

 private:
  class Turn;
  /// An event or acknowledgement whose attachments are still to come.
  struct Unfinished {
    std::string text;
    std::uint32_t wanted;
    std::size_t bytes;
    Attachments attachments;
    TimePoint deadline;
  };

  /// What a receipt is awaited for. For outcomes it takes effect a second after it came, if the socket is still here
  /// then: a client that closed meanwhile may not have shown what it received.
  struct Receipt {
    std::uint64_t marker;
    SocketRef socket;
    bool of_outcomes = true;  ///< else for its outbox, at once
    std::uint64_t number;
    TimePoint counts_at = kNever;  ///< kNever: it has not come
  };

  /// What is here for a while. At the end of the turn the logins that are over go, and all sockets that have left.
  struct Passing {
    std::vector<std::unique_ptr<Login>> logins;
    std::vector<std::unique_ptr<SocketState>> left;
  };

  Passing& passing();
  std::span<const std::unique_ptr<Login>> logins() const;
  void end_turn();
  SocketState* find(std::string_view nsp) const;
  void await(const Receipt& receipt);
  void take_receipts(TimePoint now);
  float worth_of(std::size_t bytes) const;
  void spend(TimePoint now, float packets = 1);
  void dispatch(const socketio::PacketView& packet, Attachments attachments, TimePoint now);
  void connect(const socketio::PacketView& packet, TimePoint now);
  Login* login_to(std::string_view nsp) const;
  Login& login_of(const SocketState& socket) const;
  std::size_t logins_under_way() const;
  bool empty() const { return sockets_.empty() && logins_under_way() == 0; }
  void send(std::string_view nsp, socketio::PacketType type, std::string_view payload);

  Hub& hub_;
  LocalSockets& local_;
  Link& link_;
  HandshakeRequest handshake_;
  std::vector<std::unique_ptr<SocketState>> sockets_;
  std::unique_ptr<Passing> passing_;  ///< null, most of the time
  std::unique_ptr<Unfinished> unfinished_;
  std::vector<Receipt> receipts_;  ///< by marker, which rises
  std::uint64_t last_marker_ = 0;
  TimePoint connect_until_;        ///< kNever while a namespace is joined, and no answer to a login is due
  TimePoint read_again_ = kNever;  ///< its budget is used up until then
  EventBudget budget_;
  int depth_ = 0;          ///< calls that are in this client or in one of its sockets
  bool replayed_ = false;  ///< it has been told what a login brings
  bool closed_ = false;
};

}  // namespace signalbox::hub
