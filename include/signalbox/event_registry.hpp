#pragma once
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <signalbox/json.hpp>
#include <signalbox/json_text.hpp>
#include <signalbox/utils.hpp>

namespace signalbox {

namespace hub {
struct Hub;
class Incoming;
class SocketList;
class SocketState;
class Registry;
}  // namespace hub

/// What a client sent when it connected: Socket.IO's `socket.handshake`. Built anew when asked for. Once JwtAuth has
/// accepted a token, it is no longer in `auth`.
struct Handshake {
  json headers, query, auth;
  std::string time, address, url;
  bool xdomain = false;
  bool secure = false;  ///< the proxy before us says so: X-Forwarded-Proto, which a client without a proxy may claim
  std::int64_t issued = 0;  ///< Unix time, milliseconds
  [[nodiscard]] json to_json() const;
};

using Attachments = std::vector<std::string>;  ///< binary values, in the order of their placeholders

/// The arguments of an event or of an acknowledgement, without the event's name.
struct Arguments {
  JsonText text;  ///< an array, the client's own bytes; binary values stand in it as {"_placeholder":true,"num":N}
  Attachments attachments;  ///< attachments[N]
  [[nodiscard]] json values() const { return json::parse(text.str()); }
};

/// Answers one event whose client asked for an acknowledgement; a no-op if it did not, or at the second call.
///
/// thread  any; may be kept and called later, while the service lives. A socket that has gone meanwhile is a no-op.
class Ack {
 public:
  using Send = std::move_only_function<void(std::string array, Attachments attachments)>;
  Ack() = default;
  explicit Ack(Send send) : send_(std::move(send)) {}
  /// Did the client ask for an acknowledgement that it has not got yet?
  explicit operator bool() const { return static_cast<bool>(send_); }
  /// One argument.
  void operator()(const json& answer) {
    send_text('[' + answer.dump(-1, ' ', false, json::error_handler_t::replace) + ']');
  }
  /// Any number of arguments: a JSON array as text, with attachments if it has placeholders. Throws
  /// std::invalid_argument where one of these is larger than 1 GiB.
  void send_text(std::string array, Attachments attachments = {}) {
    if (auto send = std::exchange(send_, nullptr)) send(std::move(array), std::move(attachments));
  }

 private:
  Send send_;
};

/// Why an emit that waits for an acknowledgement got none.
enum class AckError : std::uint8_t { timeout, disconnected, too_many_pending };
using AckResult = std::expected<Arguments, AckError>;
using OnAck = std::move_only_function<void(AckResult)>;

class SocketHandle;
using OnSockets = std::move_only_function<void(std::vector<SocketHandle>)>;

/// Names one socket from anywhere: what Socket::handle() gives. It is a value, to be copied and kept. Once the socket
/// has gone, emit() and disconnect() do nothing. A client that comes back within RECOVERY_WINDOW_MS has a new handle
/// (on_connect is called again); what is emitted to the old one meanwhile is lost.
///
/// thread  any, while the service lives. What one thread emits by handles arrives in that order. In a handler it may
///         overtake what emit_to_user() has queued just before.
class SocketHandle {
 public:
  const std::string& id() const { return id_; }
  const std::string& nsp() const { return nsp_; }
  /// Empty if nobody has said who the user is.
  const std::string& user_id() const { return user_id_; }

  /// Sends an event with one argument to this socket alone: Socket::emit from any thread. The error says why nothing
  /// was sent: invalid_event, reserved_event, invalid_json, too_large, overloaded (MAILBOX_MESSAGES wait for the
  /// socket's shard), stopped. That the socket has gone is no error.
  [[nodiscard]] std::expected<void, EmitError> emit(std::string_view event, const json& argument) const;
  /// Socket::emit_text from any thread.
  [[nodiscard]] std::expected<void, EmitError> emit_text(std::string_view event, const JsonView& arguments_array,
                                                         Attachments attachments = {}) const;
  /// Socket::emit_with_ack from any thread. `on_ack` runs once, on a shard: with AckError::disconnected where the
  /// socket has gone; not at all where this returns an error, or where the service ends before the socket is reached.
  [[nodiscard]] std::expected<void, EmitError> emit_with_ack(
      std::string_view event, const JsonView& arguments_array, OnAck on_ack,
      std::chrono::milliseconds timeout = std::chrono::milliseconds{0}, Attachments attachments = {}) const;
  /// Socket::disconnect from any thread.
  void disconnect(bool close = false) const;

 private:
  friend class Socket;
  friend class hub::SocketList;
  explicit SocketHandle(const hub::SocketState& state);
  std::expected<void, EmitError> check(std::string_view event, const JsonView& arguments_array,
                                       const Attachments& attachments) const;

  hub::Hub* hub_;
  std::uint32_t shard_, slot_, generation_;
  std::string id_, nsp_, user_id_;
};

/// Finds every socket that is open in the main namespace, authenticated or not, and calls back once with their handles,
/// in no order: on a shard, at a moment when some of them may have gone already. Not at all where the service does not
/// run, or ends meanwhile.
///
/// thread  any.
/// cost    a shard looks at some thousand sockets a turn, and serves others between.
void list_sockets(const Io& io, OnSockets on_sockets);

/// One client's membership in one namespace.
///
/// thread  the shard of the socket: only inside handlers and tasks that got it. Keep its handle(), not the reference.
class Socket {
 public:
  std::string_view id() const;
  std::string_view nsp() const;
  /// Empty until a middleware has said who the user is.
  std::string_view user_id() const;
  /// Its name for later, and for other threads.
  [[nodiscard]] SocketHandle handle() const;
  /// The object under `user` in `authenticated`: the token's claims without the registered ones.
  json user() const;
  /// The same as text; "{}" if nobody has said who the user is.
  std::string_view user_text() const;
  Handshake handshake() const;
  /// Did its client come back within RECOVERY_WINDOW_MS, as the same socket (id(), user_id()) and with what it missed?
  bool recovered() const;

  /// Sends an event with one argument to this socket alone. Throws std::invalid_argument for a name that Socket.IO
  /// reserves, for arguments or an attachment of more than 1 GiB, and the text variants for arguments that are not a
  /// JSON array; a socket that has left gets nothing.
  void emit(std::string_view event, const json& argument);
  /// `arguments_array`: what follows the name, as the text of a JSON array, with placeholders for the attachments.
  void emit_text(std::string_view event, const JsonView& arguments_array, const Attachments& attachments = {});
  /// The same and waits for the client's acknowledgement; `on_ack` runs once, on this shard. `timeout` 0:
  /// Config::ack_timeout.
  void emit_with_ack(std::string_view event, const JsonView& arguments_array, OnAck on_ack,
                     std::chrono::milliseconds timeout = std::chrono::milliseconds{0},
                     const Attachments& attachments = {});
  /// Leaves the namespace (`41`): the client does not come back by itself. `close` ends the whole connection as well;
  /// one that is left without a namespace has Config::connect_timeout to join one.
  void disconnect(bool close = false);

 private:
  friend class hub::SocketState;
  friend class hub::Incoming;
  explicit Socket(hub::SocketState& state) : state_(&state) {}

  hub::SocketState* state_;
};

/// What a middleware answers to a client that it refuses: Socket.IO's `connect_error` with this message and data.
struct ConnectRefusal {
  std::string message;
  json data = nullptr;
  /// True: the client is let in without on_connect, gets `unauthorized` with `data`, then `41`: what the original's
  /// clients expect.
  bool as_unauthorized_event = false;
};

/// What a middleware sees and says before a socket is connected.
class ConnectRequest {
 public:
  virtual ~ConnectRequest() = default;
  virtual std::string_view nsp() const = 0;
  /// The id that the socket will have, unless it turns out to be one that comes back (RECOVERY_WINDOW_MS).
  virtual std::string_view id() const { return {}; }
  virtual Handshake handshake() const = 0;
  /// The value of a handshake header, any case; empty if absent.
  virtual std::string header(std::string_view name) const = 0;
  /// The connect payload as JSON text, "{}" if there was none; at most Config::preauth_message_bytes.
  virtual std::string_view auth_text() const = 0;
  /// A parameter of the handshake's query, decoded; empty if absent.
  virtual std::string query(std::string_view name) const = 0;
  /// Who the user is, as JwtAuth or another middleware before this one has said; empty if none has.
  virtual std::string_view user_id() const { return {}; }
  /// The object that was said with it, as text; empty if none has.
  virtual std::string_view user_text() const { return {}; }

  /// Says who the user is: `id` 1 to 256 bytes of UTF-8 without control characters, `user_object_text` a JSON object
  /// that goes to the client under `user`; at `expires` the socket ends. Throws std::invalid_argument for what is not
  /// so.
  virtual void set_user(
      std::string id, std::string user_object_text,
      std::chrono::system_clock::time_point expires = std::chrono::system_clock::time_point::max()) = 0;
  /// When the login that set_user() told of was given out: `token_expiring` comes no earlier than at half of its life.
  /// Without this its life begins now.
  virtual void set_issued(std::chrono::system_clock::time_point) {}
  /// Forget these keys of the connect payload (a token that has done its work).
  virtual void drop_auth_key(std::string_view key) = 0;
};

/// One link of the chain: nothing lets the socket go on, a refusal ends it. Runs on the socket's shard; must not block.
using Middleware = std::function<std::expected<void, ConnectRefusal>(ConnectRequest&)>;

/// What a middleware that takes its time calls when it knows: once. A second call, or one for a client that has gone
/// meanwhile, does nothing. Destroyed without a call, it refuses the client with "Internal server error".
///
/// thread  any; may be kept and called later, while the service lives.
class LoginDone {
 public:
  using Finish = std::move_only_function<void(Middleware last)>;
  explicit LoginDone(Finish finish) : finish_(std::move(finish)) {}
  LoginDone(LoginDone&& other) noexcept : finish_(std::exchange(other.finish_, nullptr)) {}
  LoginDone& operator=(LoginDone&&) = delete;
  ~LoginDone() {
    if (finish_) operator()(ConnectRefusal{.message = "Internal server error"});
  }

  /// The chain goes on with `last`: it is called on the socket's shard, with the request, and may say who the user is.
  void operator()(Middleware last) {
    if (auto finish = std::exchange(finish_, nullptr)) finish(std::move(last));
  }
  void operator()(ConnectRefusal refusal) {
    operator()(Middleware([refusal = std::move(refusal)](ConnectRequest&) -> std::expected<void, ConnectRefusal> {
      return std::unexpected(refusal);
    }));
  }
  /// Nothing speaks against the client.
  void let_in() {
    operator()(Middleware([](ConnectRequest&) { return std::expected<void, ConnectRefusal>(); }));
  }

 private:
  Finish finish_;
};

/// One link of the chain that needs time: asks somebody else, and says later what it has found out. It is called on the
/// socket's shard and must not block; the request is there during that call alone, so it copies what it needs. The
/// client waits meanwhile, for CONNECT_TIMEOUT_MS at most, and MAX_PENDING_LOGINS clients at once. One that leaves the
/// namespace has to wait for the answer before it may come again; one whose connection ends is forgotten. What it
/// throws refuses the client.
using AsyncMiddleware = std::function<void(const ConnectRequest&, LoginDone)>;

/// Handlers for what clients do in one namespace. All are registered before WebSocketService::start(); none may block.
/// A handler that throws is logged, and the connection lives on.
class EventRegistry {
 public:
  using Handler = std::function<void(Socket&, json arguments, Ack ack)>;
  using TextHandler = std::function<void(Socket&, Arguments arguments, Ack ack)>;
  using Connect = std::function<void(Socket&)>;
  using Disconnect = std::function<void(Socket&, std::string_view reason)>;

  /// `arguments` is an array without the event's name. Throws std::invalid_argument for a reserved name or after
  /// start().
  EventRegistry& on(std::string event, Handler handler);
  /// The arguments as the client's own text, for handlers that pass them on.
  EventRegistry& on_text(std::string event, TextHandler handler);
  /// Called for events without a handler of their own (by default they are ignored and counted).
  EventRegistry& on_any(std::function<void(Socket&, std::string_view event, Arguments, Ack)> handler);
  EventRegistry& on_connect(Connect handler);
  /// Once for every socket that had its on_connect, whichever way it ends.
  EventRegistry& on_disconnect(Disconnect handler);
  /// Appends to the chain (after JwtAuth); use_first() puts before it.
  EventRegistry& use(Middleware middleware);
  EventRegistry& use_first(Middleware middleware);
  /// As use(), for one that takes its time.
  EventRegistry& use_async(AsyncMiddleware middleware);
  /// Leaves JwtAuth out in this namespace.
  EventRegistry& without_jwt();

 private:
  friend class hub::Registry;
  EventRegistry(hub::Registry& registry, std::string nsp) : registry_(&registry), nsp_(std::move(nsp)) {}

  hub::Registry* registry_;
  std::string nsp_;
};

}  // namespace signalbox
