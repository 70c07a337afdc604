#include "base/log.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "base/clock.hpp"
#include "base/json_write.hpp"
#include "base/log_output.hpp"

namespace signalbox::log {
namespace {

constexpr std::array<std::string_view, 6> kNames = {"trace", "debug", "info", "warn", "error", "off"};
constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

std::atomic<bool> as_json{false};
std::atomic<Level> lowest{Level::info};
std::atomic<std::uint64_t> lost{0};

// Its lock: every thread logs.
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (!output_.write({line.data(), line.size()})) lost.fetch_add(1, std::memory_order_relaxed);
  }
  void flush_() override {}

  LogOutput output_{STDERR_FILENO};
};

// Never destroyed: a thread that the disk does not let go may log when main() has returned.
spdlog::logger& logger() {
  static spdlog::logger& one = *new spdlog::logger("signalbox", std::make_shared<StderrSink>());
  static const bool ready = [] {
    one.set_level(spdlog::level::trace);  // what is printed is decided before a line is built
    one.set_pattern(kTextPattern, spdlog::pattern_time_type::utc);
    return true;
  }();
  static_cast<void>(ready);
  return one;
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

void set_up(std::string_view level, bool json) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == level) lowest.store(static_cast<Level>(i));
  }
  as_json.store(json);
  logger().set_pattern(json ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc);
}

bool enabled(Level level) {
  return level >= lowest.load(std::memory_order_relaxed) && level != Level::off;
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
  if (!enabled(level)) return;
  const auto name = kNames[static_cast<std::size_t>(level)];
  const auto spd = spdlog::level::from_str(std::string(name));
  logger().log(spd, "{}", render(event, fields, as_json.load(std::memory_order_relaxed)));
}

std::uint64_t lines_lost() {
  return lost.load(std::memory_order_relaxed);
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
