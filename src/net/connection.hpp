#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "engineio/session.hpp"
#include "net/application.hpp"
#include "net/door.hpp"
#include "net/http_parser.hpp"
#include "reactor/stream.hpp"
#include "websocket/frame_decoder.hpp"

namespace signalbox::net {

using reactor::Kernel;
using reactor::OwnedFd;
using reactor::Stream;

enum class Mode : std::uint8_t {
  head,       ///< a request head is awaited or half here
  asking,     ///< the session's shard is asked how large its body may be; until then nothing of it is taken
  body,       ///< its body is coming in
  waiting,    ///< the request waits for its answer
  streaming,  ///< its answer goes on; what the peer sends meanwhile is thrown away, for nothing follows that answer
  discard,    ///< answered early; the rest of its body is thrown away
  ending,     ///< the last answer is on its way out
  lingering,  ///< all is sent; read and thrown away until the peer closes, so that a reset does not eat our answer
  websocket,
  closed,  ///< the descriptor is gone; the object goes at the end of the turn
};

/// What a connection needs only while it speaks HTTP. Freed at the upgrade.
struct HttpState {
  HttpState(std::size_t max_head, std::size_t max_fields) : parser(max_head, max_fields) {}

  HeadParser parser;
  ChunkedDecoder chunks;
  std::string input;  ///< bytes behind a request that still waits for its answer
  std::string body;
  std::uint64_t left = 0;  ///< of the body, by Content-Length; also what is to be discarded
  std::size_t max_body = 0;
  std::string out;
  std::size_t written = 0;             ///< of out
  std::unique_ptr<BodySource> source;  ///< of the answer that goes on
  TimePoint until = kNever;            ///< BodySource::until() of that
  std::string cors;                    ///< rendered fields for the answer to the present request
  TimePoint begun_at;                  ///< the first byte of the present request came, or the connection
  std::uint32_t number = 0;            ///< of the present request
  std::uint32_t owner = 0;             ///< shard that the waiting Engine.IO request was given to
  std::string sid;                     ///< of that request, also when it has its answer; empty: none
  std::uint64_t user = 0;              ///< whose login it counts as, while it does
  bool engine = false;                 ///< the request is an Engine.IO one
  bool keep_alive = true;
  bool head_only = false;  ///< HEAD: the body's length without the body
  bool chunked = false;    ///< the answer that goes on is in chunks, else it ends with the connection
  bool ended = false;      ///< the peer will send no more
  PeerAddress peer{};
};

/// Takes a buffer's bytes, and its memory if it is large.
void clear_and_shrink(std::string& buffer);

/// What a WebSocket needs only now and then: bytes that do not come from its session's queue, and unfinished input.
struct WebSocketExtra {
  std::string out;  ///< before the session's queue: the 101, the probe's answer, pongs, the close frame
  std::size_t written = 0;
  std::string pong;  ///< payload of the newest ping, which is the only one to be answered
  bool pong_due = false;
  std::string held;                                  ///< input that is not to be taken yet (SessionEntry::may_read)
  std::unique_ptr<websocket::FrameDecoder> decoder;  ///< while a frame or a message is unfinished

  bool idle() const { return out.empty() && !pong_due && held.empty() && !decoder; }
};

/// One TCP connection. Small, because most are idle WebSockets.
///
/// thread  its shard's, which owns it.
struct Connection {
  explicit Connection(Stream from) : stream(std::move(from)) {}

  Stream stream;
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  std::uint32_t session_slot = 0;
  std::uint32_t session_generation = 0;  ///< 0: no session
  std::uint32_t partial = 0;             ///< half-finished bytes held here, as counted over all connections
  std::uint32_t queued = 0;              ///< bytes of an answer that is not wholly written, as counted over all clients
  std::uint16_t close_code = 0;
  Mode mode = Mode::head;
  std::uint8_t interest = 0;                      ///< what the kernel watches
  Standing standing = Standing::unauthenticated;  ///< as which what is held here counts; a login's ends with its answer
  Door door = Door::service;
  bool blocked : 1 = false;       ///< the kernel pushed back: wait until it is writable
  bool paused : 1 = false;        ///< not to be read
  bool listed : 1 = false;        ///< among those that the end of the turn looks at
  bool read_again : 1 = false;    ///< among those that are read though the kernel says nothing of them
  bool close_wanted : 1 = false;  ///< a close frame with close_code is due behind what waits
  bool close_sent : 1 = false;
  bool close_received : 1 = false;
  bool mid_frame : 1 = false;  ///< the kernel has a part of the queue's front frame
  bool counted : 1 = false;    ///< among the connections of all shards
  bool refused : 1 = false;    ///< among those that are told that there is no room
  TimePoint deadline = kNever;
  TimePoint armed = kNever;
  std::unique_ptr<HttpState> http;
  std::unique_ptr<WebSocketExtra> extra;

  std::uint64_t id() const { return (std::uint64_t{generation} << 32) | slot; }  ///< also its WebSocketId
  /// Has its request no answer yet, or only a part of it?
  bool unanswered() const;
  /// Would its end leave an Engine.IO request without its answer?
  bool owes_answer(Kernel& kernel) const;
  WebSocketExtra& more() {
    if (!extra) extra = std::make_unique<WebSocketExtra>();
    return *extra;
  }
  void free_extra_if_idle() {
    if (extra && extra->idle()) extra.reset();
  }
};

}  // namespace signalbox::net
