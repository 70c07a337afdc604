#pragma once
#include <cstdint>
#include <string_view>

namespace signalbox {

/// Why a session ended. The texts are those that Socket.IO applications know.
enum class CloseReason : std::uint8_t {
  transport_close,
  transport_error,
  ping_timeout,
  parse_error,
  too_large,
  forced_close,
  server_shutting_down,
  slow_consumer,
  server_namespace_disconnect,
  client_namespace_disconnect,
};

constexpr std::string_view to_text(CloseReason reason) noexcept {
  switch (reason) {
    case CloseReason::transport_close:
      return "transport close";
    case CloseReason::transport_error:
    case CloseReason::too_large:
      return "transport error";
    case CloseReason::ping_timeout:
      return "ping timeout";
    case CloseReason::parse_error:
      return "parse error";
    case CloseReason::forced_close:
      return "forced close";
    case CloseReason::server_shutting_down:
      return "server shutting down";
    case CloseReason::slow_consumer:
      return "slow consumer";
    case CloseReason::server_namespace_disconnect:
      return "server namespace disconnect";
    case CloseReason::client_namespace_disconnect:
      return "client namespace disconnect";
  }
  return "unknown";
}

}  // namespace signalbox
