#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <signalbox/signalbox.hpp>

namespace signalbox::node {

class Engine;
using EngineRef = std::shared_ptr<Engine>;

/// JSON for JavaScript, whatever bytes a client's headers have.
inline std::string text_of(const Handshake& handshake) {
  return handshake.to_json().dump(-1, ' ', false, json::error_handler_t::replace);
}

// What a thread of the engine tells JavaScript. Each is a value that travels to its environment's thread, and keeps the
// engine that what is in it is of.

/// JavaScript hears of a socket for the first time; `connected`: because it has just come.
struct Introduced {
  EngineRef engine;
  SocketHandle socket;
  std::string user, handshake;  ///< JSON
  bool connected = true;
  bool recovered = false;
};
struct Event {
  EngineRef engine;
  std::string id;  ///< of a socket that was introduced
  std::string name;
  Arguments arguments;
  Ack ack;
};
struct Disconnected {
  std::string id;
  std::string reason;
};
/// A client that JavaScript's middleware lets in or refuses.
struct LoginAsked {
  EngineRef engine;
  std::string id;  ///< that its socket will have
  std::string handshake;
  std::string user_id, user;  ///< empty: nobody has said who it is
  LoginDone done;
};
/// What became of a call that gets its answer later; the call is named by a number that JavaScript gave.
struct Acknowledged {
  std::uint64_t call;
  AckResult result;
};
struct Committed {
  std::uint64_t outcome;
  bool durable;
};
struct Answered {
  std::uint64_t call;
  HttpAnswer answer;
};
struct Listed {
  EngineRef engine;
  std::uint64_t call;
  std::vector<SocketHandle> sockets;
};
struct Closed {
  std::uint64_t call;
};
/// The inbox was full, and the socket that sent something was disconnected.
struct Overrun {
  std::string id;
};

using Record = std::variant<Introduced, Event, Disconnected, LoginAsked, Acknowledged, Committed, Answered, Listed,
                            Closed, Overrun>;

}  // namespace signalbox::node
