#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace signalbox {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error };

/// A fact about an event, such as {"port", "3000"}. The value may be any bytes that a client sent: whoever prints it
/// escapes it.
struct LogField {
  std::string_view name, value;
};

/// One line of a service's log. Valid during the call of the sink alone. No token, key, session id or query stands in
/// it.
struct LogLine {
  LogLevel level;
  std::string_view event;  ///< a short sentence
  std::span<const LogField> fields;
};

/// Takes the lines of a service in place of stderr (Config::log_sink): those that LOG_LEVEL lets through.
///
/// thread  any thread of the service, and those that call it, several at once; also while the service holds locks. So
/// it
///         must not block, and must call nothing of Signalbox. What it throws is dropped, and the line counts as lost.
///         It lives until the service is destroyed, and must be able to take lines until the process ends where a disk
///         never answers: that service's writer is left behind.
using LogSink = std::function<void(const LogLine& line)>;

}  // namespace signalbox
