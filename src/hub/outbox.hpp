#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <signalbox/json_text.hpp>

#include "hub/outboxes.hpp"
#include "hub/pending_acks.hpp"
#include "socketio/packet.hpp"

namespace signalbox::hub {

class Client;
struct Namespace;  // hub/registry.hpp

/// What goes out to a client in one namespace. A plain one sends it straight to the connection. A numbered one
/// (RECOVERY_WINDOW_MS) gives events their offsets and keeps them until the client has received them, which may come
/// back for them and be the same socket. Its shard has chosen for all its sockets (Outboxes): nobody else asks.
///
/// thread  its shard.
class Outbox {
 public:
  Outbox(Client& client, const Namespace& nsp, SocketState& socket);

  Client& client() const { return client_; }
  const Namespace& nsp() const { return nsp_; }
  SocketRef ref() const;
  /// Through which it leaves. Until close().
  Link& link() const;

  /// Its client wants to go on as an older socket. False: there is none. True: Login::on_claim() says.
  bool claim(const SocketState& socket, recovery::Wish wish);
  /// The socket is accepted as a new one. Returns the pid by which its client may find it again;
  /// empty: it may not.
  std::string open(const SocketState& socket);
  /// Nothing more goes to this client: the socket leaves the directory, now or when nobody can come back for it.
  void close(const users::User* user, CloseReason reason, TimePoint now);

  void send(socketio::PacketType type, std::optional<std::uint64_t> id, std::string_view payload,
            const Attachments& attachments);
  void send_ack(std::uint64_t id, std::string_view array, const Attachments& attachments);
  void emit(std::string_view event, std::string_view arguments, const Attachments& attachments);
  /// The same for an event of this namespace that is encoded already, and the frames of its attachments.
  void emit(const FrameRef& packet, std::span<const FrameRef> attachments);
  /// The client acknowledges it under this id, and gets it once.
  void emit_with_ack(std::uint64_t id, std::string_view event, std::string_view arguments,
                     const Attachments& attachments);
  /// What the ledger tells at a login.
  void tell(const users::UserJobs::Replay& replay);
  /// The same for one that comes while its client is here, past recovery.
  void send_outcome(const FrameRef& frame, std::uint64_t number);

 private:
  void send_event(std::optional<std::uint64_t> id, std::string_view event, std::string_view arguments,
                  const Attachments& attachments);
  FrameRef as_sent(const FrameRef& frame, std::uint64_t number) const;
  recovery::NumberedOutboxes* numbered() const;  ///< null: it is plain

  Client& client_;
  const Namespace& nsp_;
  std::uint32_t slot_;
  std::uint32_t generation_;
};

}  // namespace signalbox::hub
