#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "engineio/session.hpp"

namespace signalbox::net {

/// What an Engine.IO request says about itself in its query.
struct EngineQuery {
  std::string eio;
  std::string transport;
  std::string sid;
  bool repeated = false;  ///< one of the above stands there twice, or an escape is malformed
};
EngineQuery parse_engine_query(std::string_view query);

enum class EngineError : std::uint8_t {
  unknown_transport = 0,
  unknown_sid = 1,
  bad_handshake_method = 2,
  bad_request = 3,
  forbidden = 4,
  unsupported_version = 5,
};
std::string_view message_of(EngineError error);
/// {"code":1,"message":"Session ID unknown"}
std::string error_body(EngineError error);

struct EngineFacts {
  std::string_view method;
  std::string_view origin;
  bool upgrade = false;
  std::optional<engineio::Transport> session;  ///< present transport of the session that the sid names, if there is one
};
/// The checks of protocol document §1.1, in their order; the first that fails.
std::optional<EngineError> check_engine_request(const EngineQuery& query, const EngineFacts& facts);

}  // namespace signalbox::net
