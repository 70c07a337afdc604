#include "users/job_page.hpp"

#include "base/json_scan.hpp"
#include "base/json_write.hpp"

namespace signalbox::users {
namespace {

void append_job(std::string& out, const JobStatus& status) {
  out += "{\"jobId\":";
  append_json_string(out, status.job_id);
  if (!status.queue.empty()) {
    out += ",\"queue\":";
    append_json_string(out, status.queue);
  }
  out += ",\"event\":";
  if (status.event.empty()) {
    out += "null,\"data\":null";
  } else {
    append_json_string(out, status.event);
    out.append(",\"data\":").append(status.data);
  }
  out += ",\"time\":";
  append_int(out, status.time);
  out += status.received ? ",\"had\":true}" : ",\"had\":false}";
}

/// Event and data are slices of the packet; a byte of the job's id may become six.
std::size_t most_bytes_of(const JobEntry& entry) {
  constexpr std::size_t kNamesAndTime = 96;
  return kNamesAndTime + 6 * entry.frame->key().size() + entry.frame->packet().size();
}

}  // namespace

JobStatus status_of(const JobEntry& entry) {
  const JobName job = job_name(entry.frame->key());
  JobStatus status{.frame = entry.frame,
                   .job_id = job.id,
                   .queue = job.queue,
                   .event = {},
                   .data = {},
                   .time = entry.time,
                   .received = entry.received_at != 0};
  if (!entry.loaded()) return status;
  JsonItems items(entry.frame->packet().substr(2));  // behind "42"
  const std::string_view name = items.next().value_or("\"\"");
  status.event = name.substr(1, name.size() - 2);
  status.data = items.next().value_or("null");
  return status;
}

std::string to_json(const JobStatus& status) {
  std::string out;
  append_job(out, status);
  return out;
}

std::string unknown_job_json(std::string_view job_id) {
  std::string out = "{\"jobId\":";
  append_json_string(out, job_id);
  return out += ",\"event\":null,\"data\":null,\"time\":null,\"had\":false}";
}

std::string job_json(const JobPage& found, std::string_view job_id) {
  return found.jobs.empty() ? unknown_job_json(job_id) : to_json(status_of(found.jobs.front()));
}

std::vector<StoredFrame> JobPage::left_to_store() const {
  std::vector<StoredFrame> out;
  for (const JobEntry& entry : jobs) {
    if (!entry.loaded()) out.push_back({entry.row, entry.frame});
  }
  return out;
}

std::size_t JobPage::fill(const std::vector<StoredFrame>& found) {
  std::size_t bytes = 0;
  auto one = found.begin();
  for (JobEntry& entry : jobs) {
    if (one == found.end()) break;
    if (entry.loaded() || entry.row != one->row) continue;
    entry.frame = one++->frame;
    bytes += entry.frame->memory();
  }
  return bytes;
}

void JobPage::cut(std::size_t bytes) {
  std::size_t kept = 0;
  for (std::size_t all = 0; kept < jobs.size(); ++kept) {
    all += most_bytes_of(jobs[kept]);
    if (kept != 0 && all > bytes) break;
  }
  if (kept == jobs.size()) return;
  jobs.resize(kept);
  next = jobs.back().number;
}

void append_jobs(std::string& out, const JobPage& page) {
  out += '[';
  for (std::size_t i = 0; i < page.jobs.size(); ++i) {
    if (i != 0) out += ',';
    append_job(out, status_of(page.jobs[i]));
  }
  out += ']';
}

std::size_t json_bytes_at_most(const JobPage& page) {
  std::size_t bytes = 2;
  for (const JobEntry& entry : page.jobs) bytes += most_bytes_of(entry);
  return bytes;
}

}  // namespace signalbox::users
