#include "base/log.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <exception>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/json_write.hpp"
#include "base/log_output.hpp"
#include "base/mutex.hpp"

namespace signalbox::log {
namespace {

constexpr std::array<std::string_view, 6> kNames = {"trace", "debug", "info", "warn", "error", "off"};
constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

// Never destroyed: a thread that waits for a dead disk may log after main() has returned.
struct Stderr {
  Mutex mutex;  ///< every thread of every service logs, and no line may be cut
  LogOutput output SB_GUARDED_BY(mutex){STDERR_FILENO};
};
Stderr& standard_error() {
  static Stderr& one = *new Stderr;
  return one;
}

Level level_of(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Level>(i);
  }
  return Level::info;
}

bool needs_quotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7F || c == '"' || c == '\\' || c == '=') return true;
  }
  return false;
}

}  // namespace

/// Used under the lock of stderr alone.
struct Log::Format {
  spdlog::pattern_formatter formatter;
};

Log::Log(std::string_view level, bool json, LogSink sink)
    : lowest_(level_of(level)),
      json_(json),
      sink_(std::move(sink)),
      format_(
          new Format{spdlog::pattern_formatter(json ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc)}) {}

Log::~Log() = default;

void Log::write(Level level, std::string_view event, std::span<const Field> fields) try {
  if (sink_) {
    std::vector<LogField> views;
    views.reserve(fields.size());
    for (const Field& field : fields) views.push_back({field.name, field.value});
    return sink_({.level = static_cast<LogLevel>(level), .event = event, .fields = views});
  }
  const auto spd = static_cast<spdlog::level::level_enum>(level);
  const std::string text = render(event, fields, json_);
  spdlog::memory_buf_t line;
  Stderr& out = standard_error();
  const Lock lock(out.mutex);
  format_->formatter.format(spdlog::details::log_msg({}, spd, text), line);
  if (!out.output.write({line.data(), line.size()})) lost_.fetch_add(1, std::memory_order_relaxed);
} catch (...) {
  lost_.fetch_add(1, std::memory_order_relaxed);
}

const LogRef& current() {
  static const LogRef& of_no_service = *new LogRef(std::make_shared<Log>("info", false));
  return Use::used_ ? *Use::used_ : of_no_service;
}

bool enabled(Level level) {
  return current()->enabled(level);
}

std::string render(std::string_view event, std::span<const Field> fields, bool json) {
  std::string line;
  if (json) {
    line = "\"event\":";
    append_json_string(line, event);
  } else {
    line = event;
  }
  for (const Field& field : fields) {
    line += json ? ',' : ' ';
    if (json) {
      append_json_string(line, field.name);
      line += ':';
    } else {
      (line += field.name) += '=';
    }
    if (json || needs_quotes(field.value)) {
      append_json_string(line, field.value);
    } else {
      line += field.value;
    }
  }
  return line;
}

void write(Level level, std::string_view event, std::span<const Field> fields) {
  Log& log = *current();
  if (log.enabled(level)) log.write(level, event, fields);
}

std::optional<std::uint64_t> RareLine::take(TimePoint now) {
  constexpr Milliseconds kMinute{60'000};
  const auto ms = std::chrono::duration_cast<Milliseconds>(now.time_since_epoch()).count();
  auto ends = minute_ends_ms_.load(std::memory_order_relaxed);
  if (ms >= ends && minute_ends_ms_.compare_exchange_strong(ends, ms + kMinute.count())) written_.store(0);
  if (written_.load(std::memory_order_relaxed) < most_ && written_.fetch_add(1) < most_) return left_out_.exchange(0);
  left_out_.fetch_add(1, std::memory_order_relaxed);
  return std::nullopt;
}

void RareLine::write(std::string_view event, std::initializer_list<Field> fields) {
  if (!enabled(level_)) return;
  const auto left_out = take(Clock::now());
  if (!left_out) return;
  std::vector<Field> all(fields);
  if (*left_out != 0) all.push_back({"left_out", std::to_string(*left_out)});
  log::write(level_, event, all);
}

}  // namespace signalbox::log
