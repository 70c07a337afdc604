#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "connection.hpp"

// What was seen from outside, as values: the looking (look.hpp) fills these, the judgement (judge.hpp) reads them.
namespace app::doctor {

using Milliseconds = std::chrono::milliseconds;

/// What one request, or one WebSocket, came to.
struct Outcome {
  int status = 0;  ///< of HTTP; 0: there was no answer
  std::string body = {};
  std::string trouble = {};  ///< why it came to nothing; empty: it went well
  bool in_time = true;       ///< false: the trouble is that nothing came
  Milliseconds took{0};

  bool well() const { return trouble.empty() && status / 100 == 2; }
};

/// The open packet of a session.
struct Opening {
  std::string sid = {};
  Milliseconds ping_interval{25000}, ping_timeout{20000};
  std::size_t max_payload = 1000000;
};

/// What the server said to the login.
struct Verdict {
  bool accepted = false;
  bool has_user = false;  ///< it knows who that is
  std::string code = {}, message = {};
};

/// A session over one transport, up to the answer to the login and the echo of a large message.
struct Session {
  Outcome opened = {};
  Outcome login = {};  ///< that an answer came, whatever it said
  std::optional<Verdict> verdict = {};
  std::size_t echo_bytes = 0;        ///< of the large message; without a login, of the login itself
  std::optional<Outcome> echo = {};  ///< with a login alone
};

/// A line on which nothing passes but heartbeats.
struct Silence {
  enum class End : unsigned char { none, cut, by_server, no_heartbeat };
  Milliseconds watched{0};  ///< how long it was to last
  Milliseconds lasted{0};
  End end = End::none;
  std::string cut = {};  ///< in which way
  bool login = true;     ///< without one, a server bears it for a while only
};

/// What a login looks at in the token, if the secret is known here.
struct TokenPoint {
  bool accepted = false;
  std::string says = {};
};

struct Observations {
  std::string no_answer = {};  ///< why there was none at all; empty: there was one
  bool connected = false;      ///< if there was none: a connection, at least
  std::string address = {};    ///< as the origin of a page: "https://app.example.com"
  bool local_name = false;     ///< browsers count that host as safe without TLS
  std::string path = {};       ///< "/socket.io/"
  std::string origin = {};     ///< of the pages; empty: none was given
  bool tls = false;
  bool public_address = false;
  bool token_given = false;
  std::string token_withheld = {};  ///< why it was not shown
  std::optional<Certificate> certificate = {};
  std::int64_t now = 0;                   ///< Unix seconds, when the handshake was answered
  std::optional<std::int64_t> date = {};  ///< what the answer says of it

  Outcome handshake = {};
  std::string location = {};            ///< to which it was redirected
  std::optional<Outcome> doubled = {};  ///< at the path twice, after a 404
  std::optional<Opening> opening = {};
  std::string allowed_origin = {};            ///< the handshake's Access-Control-Allow-Origin, of all such fields
  std::vector<Outcome> second_requests = {};  ///< each of a session of its own, on another connection than its first
  std::optional<Session> polling = {}, websocket = {};
  std::optional<Outcome> upgrade = {};
  std::optional<Outcome> websocket_of_origin = {};
  std::optional<Silence> polling_silence = {}, websocket_silence = {};
  std::vector<TokenPoint> token_points = {};
  Outcome api = {};
};

}  // namespace app::doctor
