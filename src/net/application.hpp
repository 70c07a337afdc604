#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/handshake_request.hpp"
#include "engineio/session.hpp"
#include "net/door.hpp"
#include "net/standing.hpp"
#include "reactor/loop.hpp"
#include "reactor/peer_address.hpp"

namespace signalbox::net {

using engineio::RequestId;
using reactor::PeerAddress;

/// A request head, parsed. Views into the connection's buffer, valid during the call.
struct RequestHead {
  std::string_view method;
  std::string_view target;  ///< as sent: path and query
  std::string_view path;
  std::string_view query;
  std::vector<std::pair<std::string_view, std::string_view>> fields;  ///< in order, names as sent
  std::uint64_t content_length = 0;
  std::string_view remote_address;  ///< "127.0.0.1"
  Door door = Door::service;

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

/// The body of an answer that goes on, given piece by piece. Its connection owns it, and destroys it as the answer
/// ends, by whichever side.
///
/// thread  its shard's.
class BodySource {
 public:
  enum class Next : std::uint8_t {
    later,  ///< nothing follows at this moment: Network::go_on() says when
    more,   ///< to be asked again, when this piece has left
    end,    ///< this piece is the last
  };
  virtual ~BodySource() = default;
  /// Asked when the kernel has taken all that was given before. Appends some 64 KiB at most to `piece`.
  virtual Next next(std::string& piece) = 0;
  /// When its connection ends, whatever of it has not been read. Constant.
  virtual TimePoint until() const { return kNever; }
};

/// The part of a head that a HandshakeRequest keeps.
std::string packed_head(const RequestHead& head);
/// Parses a raw head again (it was accepted once, so this cannot fail).
RequestHead parse_head(std::string_view head);

/// On what terms a head is let in.
struct Admission {
  std::size_t max_body = 0;
  Standing standing = Standing::unauthenticated;
};

/// What a session's handler may ask of net. Lives at least as long as the handler.
///
/// thread  its shard's.
class SessionControl {
 public:
  /// Has the session an authenticated socket? While it has none, the limits of unauthenticated clients hold.
  virtual void set_authenticated(bool authenticated) = 0;
  /// The user, as a number: where too much is held, a user's sessions are judged together. 0: none.
  virtual void set_user(std::uint64_t user) = 0;
  /// Stops reading from its client, whose budget of events is used up, or resumes it.
  virtual void set_reading(bool reading) = 0;
  /// How many bytes of half-finished messages the handler holds.
  virtual void set_partial(std::size_t bytes) = 0;

  /// Takes the session's handler from now on, to which goes what came meanwhile; null: the relay cannot be had.
  using Relayed = std::move_only_function<void(engineio::SessionHandler* relay)>;
  /// Has another node, of that tag, serve the client as one with this handshake. Calls back in a later turn, unless the
  /// session ends before. False: it cannot be had.
  [[nodiscard]] virtual bool relay_to(std::string /*tag*/, const HandshakeRequest&, Relayed) { return false; }

 protected:
  ~SessionControl() = default;
};

/// The rooms above net: one object for each shard, on its thread.
class ShardApplication : public reactor::Receiver {
 public:
  virtual ~ShardApplication() = default;

  /// A new Engine.IO session. The handler is destroyed after its on_closed(). Session outlives its handler.
  virtual std::unique_ptr<engineio::SessionHandler> on_session(engineio::Session& session, SessionControl& control,
                                                               HandshakeRequest handshake, TimePoint now) = 0;
  /// A head outside the Engine.IO path. Returns an answer to refuse before the body is read (the body is then drained
  /// up to 64 KiB or the connection closed), or nothing: on_request() follows with the whole body. `admission` may
  /// be set (default: a body of max_payload, and none at the doors for operators; of a client who has shown nothing).
  virtual std::optional<Response> on_head(const RequestHead& head, Admission& admission) = 0;
  /// The answer to a request by that door that breaks a rule of HTTP, is too large or does not come in time.
  virtual Response refusal(int status, Door door) = 0;
  /// A whole request outside the Engine.IO path. Answered now or later, from any thread, by Network::answer().
  virtual void on_request(const RequestHead& head, std::string_view body, const RequestId& id, TimePoint now) = 0;
  /// May this origin use Engine.IO over HTTP (adds the CORS fields to `out`; also for OPTIONS and for errors)?
  virtual void add_cors(const RequestHead& head, std::vector<std::pair<std::string, std::string>>& out) = 0;
  /// May this WebSocket request go on? False: 403.
  virtual bool origin_allowed(const RequestHead& head) = 0;

  virtual TimePoint next_deadline() const = 0;
  virtual void on_timer(TimePoint now) = 0;
};

}  // namespace signalbox::net
