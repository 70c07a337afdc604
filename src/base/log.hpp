#pragma once
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <signalbox/log.hpp>

#include "base/clock.hpp"

// One line an event. Never a token, a key, a session id or a query string: callers hand in only what may be read by
// anyone.
namespace signalbox::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error, off };

/// A fact about the event; the value may be any bytes (it is escaped, so that it cannot begin a line of its own).
struct Field {
  std::string_view name;
  std::string value;
};

/// Which lines of one service are written, and where: to its sink, or to stderr. Shared by the service and its threads,
/// since a thread that waits for a dead disk outlives the service.
///
/// thread  any.
class Log {
 public:
  /// `level` as LOG_LEVEL has it; `json`: one object a line, on stderr.
  Log(std::string_view level, bool json, LogSink sink = {});
  ~Log();
  bool enabled(Level level) const { return level >= lowest_ && level != Level::off; }
  void write(Level level, std::string_view event, std::span<const Field> fields);
  /// How many lines were lost: stderr's reader had gone or stood still, or the sink threw.
  std::uint64_t lines_lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  struct Format;

  const Level lowest_;
  const bool json_;
  const LogSink sink_;
  const std::unique_ptr<Format> format_;
  std::atomic<std::uint64_t> lost_{0};
};
using LogRef = std::shared_ptr<Log>;

/// While it lives, what this thread logs is of that service. Without one it goes to stderr, from level info on.
class Use {
 public:
  /// `log` outlives this. Inline, for it stands around each event that a program emits.
  explicit Use(const LogRef& log) : before_(std::exchange(used_, &log)) {}
  ~Use() { used_ = before_; }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  friend const LogRef& current();
  static inline constinit thread_local const LogRef* used_ = nullptr;
  const LogRef* const before_;
};

/// The log that this thread writes to.
const LogRef& current();
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

/// A line that others can cause: written at most `most` times a minute. The next one says how many were left out.
///
/// thread  any.
class RareLine {
 public:
  constexpr RareLine(Level level, std::uint32_t most) : level_(level), most_(most) {}
  void write(std::string_view event, std::initializer_list<Field> fields = {});
  /// May a line be written now? Returns how many were left out before it, or nothing.
  std::optional<std::uint64_t> take(TimePoint now);

 private:
  const Level level_;
  const std::uint32_t most_;
  std::atomic<std::int64_t> minute_ends_ms_{0};
  std::atomic<std::uint32_t> written_{0};  ///< in this minute
  std::atomic<std::uint64_t> left_out_{0};
};

/// Says that a limit is reached: once a minute.
class RareWarning : public RareLine {
 public:
  constexpr RareWarning() : RareLine(Level::warn, 1) {}
};
/// Says what the application's code threw: such lines may differ, so ten a minute.
class RareError : public RareLine {
 public:
  constexpr RareError() : RareLine(Level::error, 10) {}
};

/// The line without time and level, as write() prints it.
std::string render(std::string_view event, std::span<const Field> fields, bool json);

}  // namespace signalbox::log
