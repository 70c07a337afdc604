#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "engineio/session.hpp"
#include "net/age_list.hpp"
#include "net/application.hpp"
#include "reactor/peer_address.hpp"

namespace signalbox::net {

class Shard;

/// One Engine.IO session with its handler, and the way from the session to the sockets.
///
/// thread  its shard's, which owns it.
struct SessionEntry final : engineio::SessionIo, SessionControl {
  SessionEntry(Shard& owner, const engineio::Sid& sid, engineio::Transport first,
               const engineio::SessionOptions& options, TimePoint now)
      : shard(owner), session(sid, first, options, *this, now) {}

  void answer(const engineio::RequestId& request, engineio::Answer answer) override;
  void on_repeated(const engineio::RequestId& request) override;
  void send_now(engineio::WebSocketId websocket, const FrameRef& frame) override;
  void close_websocket(engineio::WebSocketId websocket, std::uint16_t code) override;
  void touched() override;
  void deadline_changed() override { touched(); }
  bool still_draining() override;

  void set_authenticated(bool authenticated) override;
  void set_user(std::uint64_t whose) override { user = whose; }
  void set_reading(bool reading) override;
  void set_partial(std::size_t bytes) override;

  /// The one POST that a client may have on its way, from its head to its answer.
  struct Post {
    engineio::RequestId id;
    engineio::Stamp stamp;
    std::string content_type;
    std::string body;
    bool whole = false;  ///< here, and waiting until the session is read again
  };
  bool authenticated() const { return !stranger; }
  /// May what this WebSocket sends be taken now? Not while the session is not to be read; and a `5` not before a POST
  /// that began earlier, whose packets count first.
  bool may_read(engineio::WebSocketId websocket) const {
    if (websocket == session.websocket()) return reading;
    return !post || websocket != session.upgrading();
  }

  Shard& shard;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  bool in_touched = false;  ///< these stand before the session, whose constructor may already call touched()
  bool reading = true;
  bool dropped = false;             ///< goes at the next flush, finished or not
  bool resume = false;              ///< what was held is to be delivered
  std::uint32_t partial_above = 0;  ///< bytes of half-finished messages that the handler holds
  std::uint32_t partial = 0;        ///< those and the held POST's, as counted over all clients
  std::size_t queued = 0;           ///< bytes that wait for the client, frames shared with others included
  std::uint32_t arrived = 0;        ///< Stream::arrived() of its WebSocket at the last look
  std::uint32_t head_bytes = 0;     ///< kept of the request that opened it
  std::uint64_t user = 0;           ///< SessionControl::set_user
  TimePoint armed = kNever;
  std::unique_ptr<AgePlace<SessionEntry>> stranger;  ///< while it has no authenticated socket
  std::unique_ptr<PeerAddress> peer;                 ///< where strangers of one address are counted
  std::unique_ptr<Post> post;
  engineio::Session session;
  std::unique_ptr<engineio::SessionHandler> handler;
};

}  // namespace signalbox::net
