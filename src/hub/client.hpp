#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/handshake_request.hpp"
#include "hub/hub.hpp"
#include "hub/local_sockets.hpp"
#include "hub/login.hpp"
#include "hub/memberships.hpp"
#include "hub/pace.hpp"
#include "hub/receipts.hpp"
#include "hub/socket_state.hpp"

namespace signalbox::hub {

/// One client's Socket.IO connection: the namespaces that it joined, what it may still send, what it still owes.
/// Packets in; what goes out goes through the Link, which a class derived from it is: so neither has to name the other.
///
/// thread  its shard. source  Socket.IO protocol v5.
class Client : public Link {
 public:
  Client(LocalSockets& local, HandshakeRequest handshake, TimePoint now);
  ~Client() override;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void on_text(std::string_view message, TimePoint now);
  void on_binary(std::string_view bytes, TimePoint now);
  void on_closed(CloseReason reason, TimePoint now);
  void on_received(std::uint32_t marker, TimePoint now);
  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

  // For its logins and sockets.
  Hub& hub() const { return local_.hub(); }
  Link& link() { return *this; }
  LocalSockets& local() const { return local_; }
  const HandshakeRequest& handshake() const { return handshake_; }
  Memberships& memberships() { return memberships_; }
  Receipts& receipts() { return receipts_; }
  Pace& pace() { return pace_; }

  /// A login goes on in a turn of its own: `step` does it.
  void resume(const std::function<void()>& step);
  /// What is half-finished of it has changed.
  void count_partial();
  /// What is told at a login counts as asked for, but for the first login of the connection.
  void spend_replay(std::size_t events, std::size_t bytes);
  /// The client broke the protocol: its connection ends.
  void fail(TimePoint now, CloseReason reason = CloseReason::parse_error);
  void close_if_empty(CloseReason reason, TimePoint now);
  /// Takes sockets that have left out of the list; they are destroyed when no call is in them any more.
  void forget_left(TimePoint now);
  /// SocketState::disconnect() by a call that does not come from inside this client.
  void disconnect(SocketState& socket, bool close);
  /// The same of SocketState::leave().
  void lose(SocketState& socket, CloseReason reason, TimePoint now);

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

  void dispatch(const socketio::PacketView& packet, Attachments attachments, TimePoint now);
  void connect(const socketio::PacketView& packet, TimePoint now);
  /// Unless an answer to a login is due, it may take its time while it has a socket.
  void welcomed();

  LocalSockets& local_;
  HandshakeRequest handshake_;
  Memberships memberships_;
  std::unique_ptr<Unfinished> unfinished_;
  Receipts receipts_;
  TimePoint connect_until_;  ///< kNever while a namespace is joined, and no answer to a login is due
  Pace pace_;
  int depth_ = 0;          ///< calls that are in this client or in one of its sockets
  bool replayed_ = false;  ///< it has been told what a login brings
  bool closed_ = false;
};

}  // namespace signalbox::hub
