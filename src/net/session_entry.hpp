#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "engineio/session.hpp"
#include "net/age_list.hpp"
#include "net/application.hpp"
#include "net/relief.hpp"
#include "reactor/peer_address.hpp"

namespace signalbox::net {

class Relay;         // net/relay.hpp
class SessionTable;  // net/session_table.hpp

/// One Engine.IO session with its handler, as its table keeps it. A derived class says how the session reaches its
/// sockets: it has the rest of SessionIo and SessionControl.
///
/// thread  its shard's; its table owns it.
struct SessionEntry : engineio::SessionIo, SessionControl {
  SessionEntry(SessionTable& in, const engineio::Sid& sid, engineio::Transport first,
               const engineio::SessionOptions& options, TimePoint now)
      : table(in), session(sid, first, options, *this, now) {}

  void touched() final;
  void deadline_changed() final {
    to_arm = true;
    touched();
  }
  void set_authenticated(bool authenticated) final;
  void set_user(std::uint64_t whose) final { user = whose; }
  void set_partial(std::size_t bytes) final;

  /// The one POST that a client may have on its way, from its head to its answer.
  struct Post {
    engineio::RequestId id;
    engineio::Stamp stamp;
    std::string content_type;
    std::string body;
    bool whole = false;  ///< here, and waiting until the session is read again
  };
  bool authenticated() const { return !unauthenticated; }
  Standing standing() const { return authenticated() ? Standing::login : Standing::unauthenticated; }
  Account account() const { return {standing(), user}; }
  TimePoint begun_at() const { return unauthenticated ? unauthenticated->since : TimePoint(); }
  /// May the input of this WebSocket be taken now? Not while the session is not to be read; and a `5` not before a POST
  /// that began earlier, whose packets come first.
  bool may_read(engineio::WebSocketId websocket) const {
    if (websocket == session.websocket()) return reading;
    return !post || websocket != session.upgrading();
  }

  SessionTable& table;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  bool listed = false;  ///< these stand before the session, whose constructor may already call touched()
  bool reading = true;
  bool dropped = false;             ///< goes at the next flush, finished or not
  bool resume = false;              ///< what was held is to be delivered
  bool to_arm = true;               ///< its deadline may have come nearer: most turns only send, and need not look
  std::uint32_t partial_above = 0;  ///< bytes of half-finished messages that the handler holds
  std::uint32_t partial = 0;        ///< those and the held POST's, as counted over all clients
  std::size_t queued = 0;           ///< bytes that wait for the client, frames shared with others included
  std::uint32_t arrived = 0;        ///< Stream::arrived() of its WebSocket at the last look
  std::uint32_t head_bytes = 0;     ///< kept of the request that opened it
  std::uint64_t user = 0;           ///< SessionControl::set_user
  TimePoint armed = kNever;
  std::unique_ptr<AgePlace<SessionEntry>> unauthenticated;  ///< while it has no authenticated socket
  PeerAddress peer{};                                       ///< unauthenticated sessions of one address are counted
  std::unique_ptr<Post> post;
  Relay* relay = nullptr;  ///< through which another node serves it, or is asked to
  engineio::Session session;
  std::unique_ptr<engineio::SessionHandler> handler;
};

}  // namespace signalbox::net
