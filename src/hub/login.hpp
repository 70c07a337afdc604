#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <signalbox/event_registry.hpp>

#include "hub/connect_attempt.hpp"
#include "hub/registry.hpp"
#include "recovery/connections.hpp"
#include "socketio/packet.hpp"

namespace signalbox::hub {

class Client;
class SocketState;

/// A packet to a client that is in no namespace of that name.
FrameRef control_frame(socketio::PacketType type, std::string_view nsp, std::string_view payload = {});

/// A client's way into a namespace:
///
///   admitted  the namespace's chain lets it in and says who its user is; a middleware may take its time
///   claimed   it may be a socket that was lost, on whatever shard that is (RECOVERY_WINDOW_MS)
///   heard     what other nodes emit to its user comes to this one
///   loaded    its user's outcomes are there to be told, from the store if they lie there
///   welcomed  it is a socket, of which the client, the directory and the application hear
///
/// Each step may end in a later turn, and the client may go before it does: what was waited for finds nobody then.
/// Owned by its Client until it is over.
///
/// thread  its shard.
class Login {
 public:
  Login(Client& client, const Namespace& nsp, std::string_view payload);
  ~Login();
  Login(const Login&) = delete;
  Login& operator=(const Login&) = delete;

  const Namespace& nsp() const { return nsp_; }
  /// What it holds of the client's bytes while a middleware takes its time.
  std::size_t bytes() const { return id_ != 0 ? attempt_.auth_text().size() : 0; }
  bool over() const { return over_; }
  bool asks_a_middleware() const { return id_ != 0; }
  bool admitted() const { return !over_ && socket_; }

  /// Goes as far as can be gone in this turn.
  void begin(TimePoint now);
  /// A middleware that took its time has the last word of its own.
  void on_admission(const Middleware& last, TimePoint now);
  /// The answer to its claim. Nothing: it is a new socket.
  void on_claim(const recovery::FoundSocket* found);
  void on_loaded();
  /// Its client has gone, or wants it no more. A middleware that is asked at that moment has still to answer.
  void abandon(CloseReason reason, TimePoint now);

  /// Is this the socket that it is to become?
  bool makes(const SocketState& socket) const { return socket_.get() == &socket; }

 private:
  void admit(TimePoint now);
  void ask(const AsyncMiddleware& middleware, TimePoint now);
  void stop_waiting();
  void refuse(const ConnectRefusal& refusal, TimePoint now);
  void claim(TimePoint now);
  void hear();
  void load();
  /// Goes on with the login that is to become that socket, if it is still there; in a turn of its own.
  static void resume(Hub& hub, const SocketRef& ref, void (Login::*step)());
  /// The client has it from now on.
  SocketState& hand_over();

  Client& client_;
  const Namespace& nsp_;
  ConnectAttempt attempt_;
  TimePoint begun_{};
  std::size_t next_ = 0;  ///< link of the namespace's chain
  std::uint64_t id_ = 0;  ///< by which a middleware that takes its time finds it; 0: none does
  std::optional<recovery::Wish> wish_;
  std::unique_ptr<SocketState> socket_;  ///< once it is admitted
  bool left_ = false;                    ///< its client wants it no more, and a middleware has still to answer
  bool over_ = false;
  std::string heard_;  ///< the user of whom other nodes were told that a client comes; empty: none were
};

}  // namespace signalbox::hub
