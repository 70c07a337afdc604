#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <signalbox/config.hpp>

#include "base/clock.hpp"
#include "base/close_reason.hpp"
#include "base/frame.hpp"
#include "engineio/heartbeat.hpp"
#include "engineio/request_stamps.hpp"
#include "engineio/send_queue.hpp"
#include "engineio/sid.hpp"

namespace signalbox::engineio {

struct PacketView;

/// What the session must know of the configuration. Shared by all sessions of a server; outlives them.
struct SessionOptions {
  SessionOptions(const Config& config = {})  // implicit: a Config will do
      : ping_interval(config.ping_interval),
        ping_timeout(config.ping_timeout),
        upgrade_timeout(config.upgrade_timeout),
        max_payload_bytes(config.max_payload_bytes),
        polling_max_packets(config.polling_max_packets),
        polling_max_received(config.polling_max_received),
        send_queue_bytes(config.send_queue_bytes),
        total_queue_bytes(config.total_queue_bytes) {}

  Milliseconds ping_interval;
  Milliseconds ping_timeout;
  Milliseconds upgrade_timeout;
  Milliseconds half_closed_timeout{30000};  ///< how long a closed polling session keeps its last answer for a next GET
  std::size_t max_payload_bytes;
  std::size_t polling_max_packets;   ///< in one answer
  std::size_t polling_max_received;  ///< in one POST
  std::size_t send_queue_bytes;
  std::size_t total_queue_bytes;  ///< of all sessions, which net sees to; hence of one as well
  bool allow_upgrades = true;
};

/// Names an HTTP request that waits for its answer, on whatever shard its connection is. Opaque here; net gives and
/// takes it.
struct RequestId {
  std::uint32_t shard = 0;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  std::uint32_t number = 0;  ///< of the request on its connection
  bool operator==(const RequestId&) const = default;
};

/// Names a WebSocket connection on the session's own shard. 0 names none.
using WebSocketId = std::uint64_t;

enum class Transport : std::uint8_t { polling, websocket };

/// An HTTP answer; the two constant texts point to static storage.
struct Answer {
  int status = 200;
  std::string_view content_type;
  std::string body;
};

/// A session's I/O: net, or a test that records. It is called from inside calls into the session and must not call back
/// into it.
class SessionIo {
 public:
  virtual ~SessionIo() = default;
  virtual void answer(const RequestId& request, Answer answer) = 0;
  /// A repeat has taken the place of this request: nobody reads the rest of its answer.
  virtual void on_repeated(const RequestId& request) = 0;
  /// Sends on a WebSocket that does not carry the session yet: the probe's answer.
  virtual void send_now(WebSocketId websocket, const FrameRef& frame) = 0;
  /// Closes a WebSocket with a close frame, after what the send queue holds when it is the session's own.
  virtual void close_websocket(WebSocketId websocket, std::uint16_t code) = 0;
  /// Something waits in the queue: flush() is wanted at the end of this turn.
  virtual void touched() = 0;
  /// next_deadline() may have become earlier.
  virtual void deadline_changed() = 0;
  /// Is the kernel still sending bytes that were written earlier? Asked before a ping time-out ends a session on a slow
  /// line.
  virtual bool still_draining() = 0;
};

/// The protocol above (socketio through hub, or an echo in the conformance server). One object a session, owned by the
/// session's owner.
class SessionHandler {
 public:
  virtual ~SessionHandler() = default;
  virtual void on_text(std::string_view message, TimePoint now) = 0;  ///< without the '4'; valid during the call
  virtual void on_binary(std::string_view bytes, TimePoint now) = 0;
  virtual void on_closed(CloseReason reason, TimePoint now) = 0;      ///< once; the last call
  virtual void on_received(std::uint32_t marker, TimePoint now) = 0;  ///< all sent before confirm(marker) has arrived
  virtual TimePoint next_deadline() const = 0;
  virtual void on_timer(TimePoint now) = 0;
};

/// One Engine.IO session over its life: polling, the upgrade, WebSocket, heartbeat, close. A state machine without I/O.
///
/// thread  the shard that owns it, alone.
/// source  Engine.IO protocol v4; where engine.io 6.6 differs, that.
class Session {
 public:
  /// `sid` is sent in the open packet. `first` is the transport of the handshake; for websocket its id is given by
  /// attach_websocket(). Queues the open packet; the handshake's GET is handed in as an ordinary on_get() right after.
  Session(const Sid& sid, Transport first, const SessionOptions& options, SessionIo& io, TimePoint now);

  void set_handler(SessionHandler& handler) { handler_ = &handler; }
  std::string_view sid() const { return sid_.text(); }
  Transport transport() const { return polling_ ? Transport::polling : Transport::websocket; }
  bool open() const { return state_ == State::open; }
  /// Nothing remains to be answered: the owner may forget the session.
  bool finished() const;

  // Requests. Each is answered through SessionIo::answer, now or later, exactly once unless its connection goes away
  // first. What a GET took is kept until the next request proves that the answer arrived: another GET, or the end of an
  // upgrade. The repeat of a GET has the same answer again, that of a POST is not taken twice.
  void on_get(const RequestId& request, Stamp stamp, TimePoint now);
  void on_post(const RequestId& request, Stamp stamp, std::string_view content_type, std::string_view body,
               TimePoint now);
  /// The TCP connection of a request has gone: not yet answered, or before the peer had all of the answer. Closes the
  /// session if it was the waiting GET, or one whose answer cannot be asked for again.
  void on_request_gone(const RequestId& request, TimePoint now);
  /// Is a request with the second stamp the repeat of one with the first?
  bool repeats(Stamp first, Stamp second) const { return polling_ && polling_->stamps.same(first, second); }
  /// Body too large or of a method that is not GET or POST: answers 413 or 400 as engine.io does.
  void on_bad_request(const RequestId& request, int status, TimePoint now);

  // WebSocket.
  /// The handshake came over this WebSocket (only right after construction with Transport::websocket).
  void attach_websocket(WebSocketId websocket);
  /// A WebSocket opened with this session's sid. False: refused (already upgrading or upgraded, or closed); the caller
  /// closes it.
  [[nodiscard]] bool on_upgrade_request(WebSocketId websocket, TimePoint now);
  void on_websocket_text(WebSocketId websocket, std::string_view message, TimePoint now);
  void on_websocket_binary(WebSocketId websocket, std::string_view bytes, TimePoint now);
  void on_websocket_closed(WebSocketId websocket, CloseReason reason, TimePoint now);
  WebSocketId websocket() const { return websocket_; }
  /// The WebSocket that may say `5` now; 0: none.
  WebSocketId upgrading() const { return polling_ && polling_->probe_ready ? polling_->probe : 0; }

  // From above.
  /// Queues a message. A client for whom more than send_queue_bytes wait, and then as much again, is closed as
  /// slow_consumer (by flush(), never inside this call).
  void send(FrameRef frame);
  /// Queues a message that this client missed. While it waits it does not count against send_queue_bytes: else a client
  /// that missed much could never log in.
  void send_kept(FrameRef frame);
  /// The waiting bytes that count against send_queue_bytes.
  std::size_t waiting() const { return queue_.waiting_bytes(); }
  /// All bytes held for the client: those that wait, and those of the last poll's answer until it is proved to have
  /// arrived.
  std::size_t held_bytes() const { return queue_.bytes() + (polling_ ? polling_->last.packets.bytes() : 0); }
  /// SendQueue::take_memory_change() of all that.
  std::ptrdiff_t take_memory_change();
  /// Gives all that up.
  void drop_held();
  /// The owner forgets the session, finished or not: a WebSocket that wanted to carry it is closed.
  void let_go();
  /// Calls SessionHandler::on_received(marker) when the client has confirmed all that was sent before this call: an
  /// early ping behind it, once no other ping is out. Markers rise.
  void confirm(std::uint32_t marker);
  /// Does the ping of the newest marker still wait for another ping? Then it also covers what is sent meanwhile.
  bool wants(std::uint32_t marker) const { return heartbeat_.wants(marker); }
  /// Says whether the client is being read. While it is not, its silence does not count. It hears pings all the while.
  void set_reading(bool reading, TimePoint now);
  /// The handler's next_deadline() may have become earlier.
  void deadline_changed() { io_.deadline_changed(); }
  /// Ends the session: what is queued is flushed where the transport allows it, then '1' (polling) or a close frame
  /// (WebSocket).
  void close(CloseReason reason, TimePoint now);

  // From the owner, at the end of a turn.
  /// For the WebSocket's bytes. The caller says by consume() how many were written, and by on_pings_written() how many
  /// pings were among them.
  SendQueue& queue() { return queue_; }
  void on_pings_written(unsigned pings, TimePoint now);
  /// Then: answers a waiting GET if there is something for it, and judges what is left. `blocked`: the WebSocket takes
  /// no more.
  void flush(TimePoint now, bool blocked = false);
  /// Gives back the memory of what is empty, if all that was counted there has been asked for.
  void shrink();

  TimePoint next_deadline() const;  ///< the handler's included
  void on_timer(TimePoint now);

 private:
  enum class State : std::uint8_t {
    open,
    closing,  ///< over for the application; a polling client may still fetch what was queued, then '1'
    closed,
  };
  /// The last answer with packets.
  struct LastAnswer {
    RequestId to;
    SendQueue packets{};  ///< for its repeat, until it is proved to have arrived
    bool unproven = false;
    bool confirms = false;       ///< the ping that confirms is in it, so its pong counts once it is proved
    std::uint32_t received = 0;  ///< what that pong has confirmed meanwhile
  };
  /// What a session has only until it is on a WebSocket.
  struct Polling {
    explicit Polling(TimePoint now) : polled_at(now) {}
    std::optional<RequestId> waiting_get{};
    /// The same GET, which came before. Either of the two may be the one that is read: they can arrive in the wrong
    /// order.
    std::optional<RequestId> waits_too{};
    RequestStamps stamps{};
    LastAnswer last{};
    bool opened = false;       ///< the handshake has its answer
    TimePoint polled_at;       ///< when a GET was last answered with what waited
    WebSocketId probe = 0;     ///< the WebSocket that wants to carry this session
    bool probe_ready = false;  ///< 3probe was sent: the client waits for its poll to end
    TimePoint upgrade_until = kNever;
    TimePoint half_closed_until = kNever;
  };

  bool on_packet(const PacketView& packet, TimePoint now);
  Heartbeat::Times times() const { return {options_.ping_interval, options_.ping_timeout}; }
  void on_pong(TimePoint now);
  void tell_received(std::uint32_t marker, TimePoint now);
  void queue_wanted_ping();
  void on_heartbeat_timer(TimePoint now);
  bool probed_by(WebSocketId websocket) const { return polling_ && websocket != 0 && polling_->probe == websocket; }
  bool answer_again(const RequestId& request, TimePoint now);
  std::uint32_t prove_last_answer();
  void answer_get(std::string payload);  ///< the one that waits, if one does
  void serve_get(TimePoint now);
  void answer_with_packets(TimePoint now);
  void on_probe_packet(std::string_view message, TimePoint now);
  void finish_upgrade(TimePoint now);
  void abandon_upgrade();
  void close_over_websocket(std::uint16_t code);
  void end(CloseReason reason, TimePoint now);

  const Sid sid_;
  State state_ = State::open;
  bool overflowed_ = false;
  bool reading_ = true;
  bool too_large_ = false;  ///< the session was ended for a message that was too large
  const SessionOptions& options_;
  SessionIo& io_;
  SessionHandler* handler_ = nullptr;
  SendQueue queue_;
  std::unique_ptr<Polling> polling_;  ///< none: over WebSocket
  WebSocketId websocket_ = 0;
  Heartbeat heartbeat_;
};

}  // namespace signalbox::engineio
