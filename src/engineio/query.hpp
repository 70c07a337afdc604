#pragma once
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "engineio/session.hpp"

namespace signalbox::engineio {

/// What Engine.IO reads of a query string. source  Engine.IO protocol v4, "HTTP long-polling".
struct Query {
  std::string transport;
  std::optional<std::string> sid;  ///< absent if empty
  std::optional<std::string> eio;
  Stamp stamp = 0;  ///< of its first `t`
};

/// Why a request is refused, with Engine.IO's own code. source  engine.io 6.6, `Server.errors`.
struct RequestError {
  int code;
  std::string_view message;
  int status = 400;
  bool operator==(const RequestError&) const = default;
};
inline constexpr RequestError kUnknownTransport{0, "Transport unknown"};
inline constexpr RequestError kUnknownSid{1, "Session ID unknown"};
inline constexpr RequestError kBadMethod{2, "Bad handshake method"};
inline constexpr RequestError kBadRequest{3, "Bad request"};
inline constexpr RequestError kUnsupportedVersion{5, "Unsupported protocol version"};

/// Percent-encoding and '+' undone. A parameter given twice, or malformed percent-encoding, is a bad request.
std::expected<Query, RequestError> parse_query(std::string_view query);

/// The facts of a request that decide whether it is refused.
struct RequestFacts {
  std::string_view method;
  bool upgrade = false;                ///< a WebSocket upgrade
  bool origin_is_clean = true;         ///< no control characters in Origin
  std::optional<Transport> session{};  ///< the transport of the session that `sid` names, if it is known
};
/// The checks in the order in which engine.io makes them; the first that fails answers. Nothing: go on.
std::optional<RequestError> check_request(const Query& query, const RequestFacts& facts);

/// {"code":1,"message":"Session ID unknown"}
std::string error_body(const RequestError& error);

}  // namespace signalbox::engineio
