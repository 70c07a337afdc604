#include "queue/job_members.hpp"

#include <algorithm>
#include <optional>

#include "base/json_scan.hpp"
#include "base/json_write.hpp"
#include "queue/lenient_json.hpp"

namespace signalbox::queue {
std::string as_json(std::string_view text, std::size_t max_depth) {
  if (auto json = check_lenient_json(text, max_depth)) return std::move(*json).str();
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string progress_members(std::string_view progress, std::size_t max_depth) {
  constexpr std::string_view kStatus = R"("processing")";
  const std::string json = as_json(progress, max_depth);
  if (json == "null") return R"({"status":"processing"})";
  std::optional<JsonView> value, status;
  if (json.starts_with('{')) {
    value = json_member(json, "progress");
    status = json_member(json, "status");
  }
  std::string out = R"({"progress":)";
  out.reserve(json.size() + 48);
  append(out, value ? std::string_view(*value) : std::string_view(json));
  append(out, R"(,"status":)");
  append(out, status ? std::string_view(*status) : kStatus);
  out += '}';
  return out;
}

std::string completed_members(std::string_view result, std::size_t max_depth) {
  return R"({"result":)" + as_json(result.empty() ? "null" : result, max_depth) + "}";
}

std::string truncated_members() {
  return R"({"result":null,"truncated":true})";
}

std::string failed_members(std::string_view error) {
  std::string out = R"({"error":)";
  append_json_string(out, error);
  out += '}';
  return out;
}

std::size_t room_for_members(std::string_view job, std::string_view queue, std::size_t max_payload) {
  std::string names = R"(42["job_completed",{"jobId":,"queue":])";
  append_json_string(names, job);
  append_json_string(names, queue);
  return max_payload - std::min(max_payload, names.size());
}

}  // namespace signalbox::queue
