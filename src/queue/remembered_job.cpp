#include "queue/remembered_job.hpp"

#include "queue/job_time.hpp"

namespace signalbox::queue {
namespace {

std::optional<std::string_view> take_part(std::string_view& text) {
  const std::size_t end = text.find(':');
  if (end == std::string_view::npos) return std::nullopt;
  const auto part = text.substr(0, end);
  text.remove_prefix(end + 1);
  return part;
}

}  // namespace

std::optional<RememberedJob> RememberedJob::parse(std::string_view text) {
  const auto since = take_part(text), ended = take_part(text), finished = take_part(text);
  if (!since || !ended || !finished) return std::nullopt;
  const auto since_id = StreamId::parse(*since), ended_id = StreamId::parse(*ended);
  const auto finished_ms = job_time(*finished);
  if (!since_id || !ended_id || !finished_ms) return std::nullopt;
  return RememberedJob{.user = std::string(text), .since = *since_id, .ended = *ended_id, .finished_ms = *finished_ms};
}

std::string to_text(const RememberedJob& job) {
  return to_text(job.since) + ":" + to_text(job.ended) + ":" + std::to_string(job.finished_ms) + ":" + job.user;
}

}  // namespace signalbox::queue
