#include "queue/celery_message.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "base/json_write.hpp"
#include "base/text.hpp"
#include "queue/lenient_json.hpp"
#include "queue/python_message.hpp"

namespace signalbox::queue {
namespace {

using Kind = JobReport::Kind;

constexpr std::string_view kMessage = "message";  ///< what all paths begin with, before the user's own steps
constexpr std::size_t kMostLevels = 1000;         ///< Python writes no deeper ones
constexpr std::size_t kRoomForRest = 1024;        ///< of an event beside its result: names, queue and id

struct TaskMembers {
  std::string_view status, result, date_done, id;
};

TaskMembers task_members(std::string_view object) {
  TaskMembers found;
  JsonItems members(object);
  while (const auto value = members.is_object() ? members.next() : std::nullopt) {
    if (members.named("status")) found.status = *value;
    if (members.named("result")) found.result = *value;
    if (members.named("date_done")) found.date_done = *value;
    if (members.named("task_id")) found.id = *value;
  }
  return found;
}

std::optional<double> number_of(std::optional<std::string_view> value) {
  double number = 0;
  if (!value || std::from_chars(value->data(), value->data() + value->size(), number).ec != std::errc{})
    return std::nullopt;
  return number;
}

std::optional<std::string_view> present(std::optional<std::string_view> value) {
  return value && *value != "null" ? value : std::nullopt;
}

/// What a worker's meta says of how far it is, as JSON: its "progress", "current" of "total" in per cent, or the meta
/// itself where it is a number. Empty: nothing.
std::string progress_of(std::string_view meta) {
  if (!JsonItems(meta).is_object()) return number_of(meta) ? std::string(meta) : std::string();
  if (const auto progress = present(json_member(meta, "progress"))) return std::string(*progress);
  const auto current = number_of(json_member(meta, "current")), total = number_of(json_member(meta, "total"));
  if (!current || !total || *total <= 0) return {};
  return std::to_string(std::lround(std::clamp(100 * *current / *total, 0.0, 100.0)));
}

/// PROGRESS and other states of a worker's own.
std::string members_of_progress(std::string_view state, std::string_view meta) {
  const auto status = present(json_member(meta, "status"));
  std::string members = "{";
  if (const std::string progress = progress_of(meta); !progress.empty()) members += R"("progress":)" + progress + ",";
  members += R"("status":)";
  if (status) {
    members += *status;
  } else {
    append_json_string(members, state == "PROGRESS" ? "processing" : lower(state));
  }
  return members + "}";
}

std::string error_text(std::string_view value) {
  auto text = json_string(value);
  return text ? *std::move(text) : std::string(value);
}

/// "ValueError: no such file, 2": the type, and the exception's arguments.
std::string error_of(std::string_view failure, std::size_t most_bytes) {
  const auto type = present(json_member(failure, "exc_type")), message = present(json_member(failure, "exc_message"));
  if (!type && !message) return failure.size() <= most_bytes ? error_text(failure) : "failed";
  std::string name = type ? error_text(*type) : std::string();
  if (name.size() > most_bytes) name.resize(most_bytes);
  std::string arguments;
  JsonItems items(message.value_or(""));
  if (message && !items.is_array()) arguments = error_text(*message);
  bool first = true;
  while (const auto item = items.is_array() ? items.next() : std::nullopt) {
    if (!std::exchange(first, false)) arguments += ", ";
    arguments += error_text(*item);
  }
  if (arguments.empty() || name.size() + arguments.size() > most_bytes) return name;
  return name.empty() ? arguments : name + ": " + arguments;
}

/// What the browser gets of it, beside the job's id.
void fill_in(JobReport& report, std::string_view state, std::string_view result, const CeleryReading& reading) {
  const std::size_t room = reading.most_bytes - std::min(reading.most_bytes, kRoomForRest);
  if (state == "SUCCESS") {
    const bool fits = result.size() <= room && valid_json(result, reading.most_depth - 1);
    report.kind = Kind::completed;
    report.members = fits ? R"({"result":)" + std::string(result) + "}" : R"({"result":null,"truncated":true})";
  } else if (state == "FAILURE" || state == "REVOKED") {
    report.kind = Kind::failed;
    report.members = R"({"error":)";
    append_json_string(report.members, error_of(result, room / 7));  // escaped, a byte takes six at most
    report.members += '}';
  } else if (state == "STARTED") {
    report.members = R"({"progress":0,"status":"started"})";
  } else if (state == "RETRY") {
    report.members = R"({"progress":0,"status":"retrying"})";
  } else {
    report.members = members_of_progress(state, result);
  }
}

}  // namespace

std::expected<JsonPaths, std::string> celery_user(std::string_view setting) {
  std::string from_message;
  for (const std::string_view path : split(setting, ',')) {
    if (!from_message.empty()) from_message += ',';
    from_message.append(kMessage).append(".").append(path);
  }
  auto paths = JsonPaths::parse(from_message, {kMessage});
  if (!paths) return std::unexpected("allowed: paths with commas between, such as kwargs.user_id, args.0");
  return paths;
}

std::string celery_key_prefix(std::string global_keyprefix) {
  constexpr std::string_view kSeparators = ":_-.";
  if (!global_keyprefix.empty() && !kSeparators.contains(global_keyprefix.back())) global_keyprefix += '_';
  return global_keyprefix;
}

std::expected<JobReport, std::string_view> read_celery_message(std::string_view payload, const CeleryReading& reading) {
  if (is_pickle(payload)) return std::unexpected("it is a pickle, which is code: set result_serializer to json");
  const auto text = check_lenient_json(payload, kMostLevels);
  if (!text) return std::unexpected("it is not JSON that a browser can read");
  const TaskMembers members = task_members(*text);
  const auto state = json_string(members.status);
  auto id = json_string(members.id);
  if (!state || !id || id->empty()) return std::unexpected("it is no state of a task");
  JobReport report;
  report.kind = Kind::progress;
  report.job_id = *std::move(id);
  report.user = reading.user.find(kMessage, *text).value_or("");
  fill_in(report, *state, members.result.empty() ? "null" : members.result, reading);
  if (report.kind != Kind::progress) report.finished_ms = unix_ms_of_iso(json_string(members.date_done).value_or(""));
  return report;
}

std::int64_t unix_ms_of_iso(std::string_view text) {
  using namespace std::chrono;
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, read = 0;
  const std::string copy(text.substr(0, 40));
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi, &s, &read) != 6) return 0;
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
  if (!date.ok() || read == 0) return 0;
  auto at = sys_days(date) + hours(h) + minutes(mi) + milliseconds(s * 1000);
  std::string_view rest = std::string_view(copy).substr(static_cast<std::size_t>(read));
  if (rest.starts_with('.')) {
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    const std::string digits = std::string(rest.substr(1, std::min<std::size_t>(end - 1, 3))) + "000";
    at += milliseconds(std::stoi(digits.substr(0, 3)));
    rest.remove_prefix(end);
  }
  int off_h = 0, off_m = 0;
  if (rest.size() == 6 && std::sscanf(rest.data() + 1, "%2d:%2d", &off_h, &off_m) == 2) {
    const auto offset = hours(off_h) + minutes(off_m);
    at -= rest.front() == '-' ? -offset : offset;
  }
  return duration_cast<milliseconds>(at.time_since_epoch()).count();
}

}  // namespace signalbox::queue
