#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <signalbox/requests.hpp>

#include "base/clock.hpp"
#include "base/message.hpp"
#include "engineio/session.hpp"
#include "net/stream.hpp"
#include "reactor/loop.hpp"

namespace signalbox::net {

using engineio::RequestId;

/// A request head, parsed. Views into the connection's buffer, valid during the call.
struct RequestHead {
  std::string_view method;
  std::string_view target;  ///< as sent: path and query
  std::string_view path;
  std::string_view query;
  std::vector<std::pair<std::string_view, std::string_view>> fields;  ///< in order, names as sent
  std::uint64_t content_length = 0;
  std::string_view remote_address;  ///< "127.0.0.1"

  /// The value of the first field of that name (any case), if there is one.
  std::optional<std::string_view> field(std::string_view name) const;
  std::size_t count(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> fields;  ///< Content-Length, Date and Connection are added
  std::string body;
  bool close = false;
};

/// What a session's creator is told of the request that opened it; kept compactly for as long as the application wants.
struct Handshake {
  std::string head;  ///< compact_head() of the request, to be parsed on demand
  std::string remote_address;
  std::int64_t issued_ms = 0;  ///< Unix time
  bool websocket = false;
};
/// What an application may ask for of a head, in as few bytes as that needs: the target, and a line "name:value" for
/// each field.
std::string compact_head(const RequestHead& head);
/// Parses a raw head again (it was accepted once, so this cannot fail).
RequestHead parse_head(std::string_view head);

/// What a client has shown of who it is.
enum class Standing : std::uint8_t { unauthenticated, login, api_key };

/// How a head is let in.
struct Admission {
  std::size_t max_body = 0;
  Standing standing = Standing::unauthenticated;
};

/// What net does for one session where its handler says so. Lives at least as long as the handler.
///
/// thread  its shard's.
class SessionControl {
 public:
  /// Has the session an authenticated socket? While it has none, the limits of strangers hold.
  virtual void set_authenticated(bool authenticated) = 0;
  /// Stops or resumes reading from its client (whose events budget is used up).
  virtual void set_reading(bool reading) = 0;
  /// How many bytes of half-finished messages the handler holds.
  virtual void set_partial(std::size_t bytes) = 0;

 protected:
  ~SessionControl() = default;
};

/// What is above net, one object a shard, living on that shard's thread.
class ShardApplication : public reactor::Receiver {
 public:
  virtual ~ShardApplication() = default;

  /// A new Engine.IO session. The handler is destroyed after its on_closed(). Session outlives its handler.
  virtual std::unique_ptr<engineio::SessionHandler> on_session(engineio::Session& session, SessionControl& control,
                                                               Handshake handshake, TimePoint now) = 0;
  /// A head outside the Engine.IO path. Returns an answer to refuse before the body is read (the body is then drained
  /// up to 64 KiB or the connection closed), or nothing: on_request() follows with the whole body. `admission` may
  /// be set (default: a body of max_payload, of a client who has shown nothing).
  virtual std::optional<Response> on_head(const RequestHead& head, Admission& admission) = 0;
  /// The answer to a request that breaks a rule of HTTP, is too large or does not come in time.
  virtual Response refusal(int status) = 0;
  /// A whole request outside the Engine.IO path. Answered now or later, from any thread, by Network::answer().
  virtual void on_request(const RequestHead& head, std::string_view body, const RequestId& id, TimePoint now) = 0;
  /// May this origin use Engine.IO over HTTP (adds the CORS fields to `out`; also for OPTIONS and for errors)?
  virtual void add_cors(const RequestHead& head, std::vector<std::pair<std::string, std::string>>& out) = 0;
  /// May this WebSocket request go on? False: 403.
  virtual bool origin_allowed(const RequestHead& head) = 0;

  virtual TimePoint next_deadline() const = 0;
  virtual void on_timer(TimePoint now) = 0;
};

struct Options {
  std::string host;           ///< empty: all addresses, IPv6 and IPv4; a name: all of its; "localhost": loopback
  std::uint16_t port = 3000;  ///< 0: any, see Network::port()
  bool listen = true;         ///< else there is no port, and connections come by Network::adopt()
  unsigned shards = 1;
  std::string path = "/socket.io/";
  engineio::SessionOptions session;
  Milliseconds head_timeout{10000};
  Milliseconds body_timeout{30000};
  Milliseconds idle_timeout{30000};
  std::size_t max_head_bytes = 16 * 1024;
  std::size_t max_fields = 100;
  std::size_t max_connections = 0;            ///< 0: connections_within()
  std::size_t max_unauthenticated = 0;        ///< 0: a tenth of max_connections, at least 1000
  std::size_t max_strangers_per_address = 0;  ///< sessions without a login from one address; 0: no limit
  std::size_t mailbox_messages = 100'000;
  std::size_t total_partial_bytes = 64u << 20;
  std::size_t preauth_message_bytes = 16 * 1024;
  std::size_t preauth_heads_bytes = 32u << 20;  ///< of all sessions without a login
  std::uint32_t max_fragments = 1024;
  Milliseconds tcp_user_timeout{30000};
};

/// The time between the ends of two sessions of a drain: 5 ms, or less where so many would take longer than `most`.
Clock::duration drain_pace(std::size_t sessions, Milliseconds most);

/// The shards with their threads, listeners and mailboxes.
class Network : public Mailboxes {
 public:
  using Factory = std::function<std::unique_ptr<ShardApplication>(unsigned shard)>;

  /// Builds one application a shard by `factory` (called in start(), before any thread runs).
  static std::unique_ptr<Network> create(Options options, Factory factory);
  /// Binds and starts the threads. Throws std::system_error or std::runtime_error with a sentence ("port 3000 is in use
  /// …").
  virtual void start() = 0;
  /// No new sessions from now on. Those there are end (server_shutting_down), the first at once and the others one
  /// after the other (drain_pace), while all that is asked of them is answered. `drained` is called on a shard when
  /// none is left, perhaps more than once. Any thread.
  virtual void drain(Milliseconds most, std::function<void()> drained) = 0;
  /// Stops accepting, flushes what is queued, closes every session (server_shutting_down), joins the threads. Within 2
  /// s.
  virtual void stop() = 0;
  virtual std::uint16_t port() const = 0;  ///< 0: not started, or without one
  /// Takes a connection that somebody else accepted, and what was read of it: the head of its first request (with the
  /// empty line at its end; it may be written anew) and the bytes behind that. What is refused is closed. Any thread.
  [[nodiscard]] virtual Adoption adopt(Stream stream, std::string head, std::string rest) = 0;
  /// Answers a request given to on_request(); one whose connection has gone is a no-op. Any thread.
  virtual void answer(const RequestId& request, Response response) = 0;
  /// Answers a request that has no connection here. `head` is as it could have come over one; `body` is whole, whatever
  /// that says of its length. `reply` is called once: on a shard, or in this call where nothing runs or there is no
  /// room. While it waits it counts as a connection. An upgrade is not answered: adopt() its connection. Any thread.
  virtual PendingRequest request(std::string head, std::string body, const PeerAddress& peer, HttpReply reply) = 0;
  /// Whoever asked has gone, and may not have had its answer: `reply` is not called any more, unless that happens at
  /// this moment. Any thread.
  virtual void asker_gone(const PendingRequest& request) = 0;

  struct Counters {
    std::size_t connections = 0, sessions = 0;
    std::size_t strangers = 0;  ///< sessions without an authenticated socket
    std::size_t timers = 0;     ///< connections and sessions with a deadline
    std::size_t partial_bytes = 0;
    std::size_t queued_bytes = 0;
    std::uint64_t conflated = 0;  ///< events that nobody had to read, since newer ones said more
  };
  virtual Counters counters() const = 0;  ///< any thread
};

}  // namespace signalbox::net
