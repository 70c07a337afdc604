#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "net/connections.hpp"
#include "net/session_table.hpp"
#include "websocket/frame_decoder.hpp"

namespace signalbox::net {

/// The WebSockets of a shard: frames in, a session's queue out.
///
/// thread  its shard's. What comes is given to the session at once, which may end it and close the connection; what
/// goes out is written by flush(), at the end of a turn.
class WebSockets {
 public:
  WebSockets(const Options& options, const reactor::Loop& loop, Connections& connections, SessionTable& sessions,
             Budgets& budgets);

  /// Answers 101: from here on it is one of these, and speaks no HTTP any more.
  void open(Connection& connection, std::string_view accept);
  static void attach(Connection& connection, const SessionEntry& entry);
  /// Gives these bytes to its session, which may close the connection.
  void take(Connection& connection, std::span<char> bytes);
  void flush(Connection& connection);
  /// A close frame goes out behind what waits.
  void want_close(Connection& connection, std::uint16_t code);
  void on_closed(const Connection& connection, CloseReason reason);
  /// Null: none, or it has gone.
  SessionEntry* session_of(const Connection& connection) const {
    return sessions_.find(connection.session_slot, connection.session_generation);
  }

  // For a session.
  void send_now(engineio::WebSocketId id, const FrameRef& frame);
  void close(engineio::WebSocketId id, std::uint16_t code);
  bool still_draining(SessionEntry& entry) const;
  void stop_reading(const SessionEntry& entry);
  /// Takes the input of its WebSockets that was held, as far as it may be read.
  void deliver_held(SessionEntry& entry);
  /// Writes what waits in its queue, and then has the session see what is left. True: its WebSocket has more to say.
  bool flush(SessionEntry& entry);

 private:
  static constexpr std::size_t kScratch = 256 * 1024;

  Connection* find(engineio::WebSocketId id) const;
  void on_bytes(Connection& connection, std::span<char> bytes);
  void take_frames(Connection& connection, websocket::FrameDecoder& decoder, std::span<char> bytes);
  bool on_event(Connection& connection, const websocket::Event& event);
  void count_partial(Connection& connection);
  void deliver_held(SessionEntry& entry, engineio::WebSocketId id);
  void took_of_queue(Connection& connection, SessionEntry& entry, std::size_t written);
  bool flush_extra(Connection& connection, SessionEntry* entry);
  bool flush_queue(Connection& connection, SessionEntry& entry, bool front_only);

  const Options& options_;
  const reactor::Loop& loop_;
  Connections& connections_;
  SessionTable& sessions_;
  Budgets& budgets_;
  std::unique_ptr<char[]> scratch_;
};

}  // namespace signalbox::net
