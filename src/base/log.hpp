#pragma once
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

// One line an event. Never a token, a key, a session id or a query string: callers hand in only what may be read by
// anyone.
namespace signalbox::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error, off };

/// A fact about the event; the value may be any bytes (it is escaped, so that it cannot begin a line of its own).
struct Field {
  std::string_view name;
  std::string value;
};

/// For the whole process: `level` as LOG_LEVEL has it, `json` one object a line. To stderr. Before threads are started.
void set_up(std::string_view level, bool json);
bool enabled(Level level);

/// `event` is a short sentence of ours. Any thread; waits for no reader of stderr longer than a moment (LogOutput).
void write(Level level, std::string_view event, std::span<const Field> fields);
inline void write(Level level, std::string_view event, std::initializer_list<Field> fields = {}) {
  write(level, event, std::span(fields.begin(), fields.size()));
}
inline void info(std::string_view event, std::span<const Field> fields) {
  write(Level::info, event, fields);
}
inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::info, event, fields);
}
inline void warn(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::warn, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::error, event, fields);
}

/// The warnings of one place that others can bring about, such as a limit that is reached: at most one a minute.
///
/// thread  any.
class RareWarning {
 public:
  void write(std::string_view event, std::initializer_list<Field> fields = {});

 private:
  std::atomic<std::int64_t> next_ms_{0};
};

/// How many lines nobody could read, since the process began: stderr's reader had gone, or stood still.
std::uint64_t lines_lost();

/// The line without time and level, as write() prints it.
std::string render(std::string_view event, std::span<const Field> fields, bool json);

}  // namespace signalbox::log
