#include "hub/job_ledger.hpp"

#include <algorithm>

#include "base/json_scan.hpp"
#include "base/json_write.hpp"

namespace signalbox::hub {
namespace {

constexpr std::size_t kEntryBytes = 160;  ///< what a job costs beside its frame, roughly

std::size_t cost(const JobEntry& entry) {
  return kEntryBytes + entry.frame->websocket().size();
}

bool unread(const std::optional<JobEntry>& outcome) {
  return outcome && outcome->had_at == 0;
}

JobStatus status_of(const std::string& id, const JobEntry& entry) {
  JsonItems items(entry.frame->packet().substr(2));  // behind "42"
  const std::string_view name = items.next().value_or("\"\"");
  return {.job_id = id,
          .event = name.substr(1, name.size() - 2),
          .data = std::string(items.rest()),
          .time = entry.time,
          .had = entry.had_at != 0};
}

template <class Job>
const JobEntry& newest(const Job& job) {
  if (!job.outcome) return *job.progress;
  return job.progress && job.progress->number > job.outcome->number ? *job.progress : *job.outcome;
}

}  // namespace

std::string to_json(const JobStatus& status) {
  std::string out = "{\"jobId\":";
  append_json_string(out, status.job_id);
  out += ",\"event\":";
  append_json_string(out, status.event);
  out += ",\"data\":" + status.data + ",\"time\":" + std::to_string(status.time);
  return out += status.had ? ",\"had\":true}" : ",\"had\":false}";
}

std::string unknown_job_json(std::string_view job_id) {
  std::string out = "{\"jobId\":";
  append_json_string(out, job_id);
  return out += ",\"event\":null,\"data\":null,\"time\":null,\"had\":false}";
}

UserJobs::~UserJobs() {
  for (auto& [id, job] : jobs_) {
    drop(job.progress);
    drop(job.outcome);
  }
}

void UserJobs::put(std::optional<JobEntry>& place, JobEntry entry) {
  drop(place);
  bytes_.fetch_add(cost(entry), std::memory_order_relaxed);
  if (entry.frame->kind() == FrameKind::outcome && entry.had_at == 0) ++unread_;
  place = std::move(entry);
}

void UserJobs::drop(std::optional<JobEntry>& place) {
  if (!place) return;
  bytes_.fetch_sub(cost(*place), std::memory_order_relaxed);
  if (place->frame->kind() == FrameKind::outcome && place->had_at == 0) --unread_;
  place.reset();
}

bool UserJobs::has_room(std::string_view job_id) const {
  if (unread_ < options_.unread_outcomes_per_user) return true;
  const auto found = jobs_.find(job_id);
  return found != jobs_.end() && unread(found->second.outcome);
}

const JobEntry& UserJobs::keep(std::string_view job_id, const FrameRef& frame, WallMs now) {
  auto found = jobs_.find(job_id);
  if (found == jobs_.end()) {
    while (jobs_.size() >= options_.jobs_per_user && push_one_out()) {
    }
    found = jobs_.emplace(std::string(job_id), Job{}).first;
  }
  Job& job = found->second;
  const bool outcome = frame->kind() == FrameKind::outcome;
  if (outcome) drop(job.progress);
  auto& place = outcome ? job.outcome : job.progress;
  put(place, {.frame = frame, .number = ++last_number_, .time = now});
  return *place;
}

void UserJobs::restore(std::string job_id, JobEntry outcome) {
  last_number_ = std::max(last_number_, outcome.number);
  put(jobs_[std::move(job_id)].outcome, std::move(outcome));
}

// Outcomes had first, then progress, the oldest of each; what the user has not had stays, whatever the bound.
bool UserJobs::push_one_out() {
  auto victim = jobs_.end();
  bool victim_runs = true;
  for (auto it = jobs_.begin(); it != jobs_.end(); ++it) {
    if (unread(it->second.outcome)) continue;
    const bool runs = it->second.progress.has_value();
    if (victim == jobs_.end() || runs < victim_runs ||
        (runs == victim_runs && newest(it->second).number < newest(victim->second).number)) {
      victim = it;
      victim_runs = runs;
    }
  }
  if (victim == jobs_.end()) return false;
  drop(victim->second.progress);
  drop(victim->second.outcome);
  jobs_.erase(victim);
  return true;
}

std::vector<JobEntry> UserJobs::replay(WallMs now) const {
  std::vector<JobEntry> out;
  for (const auto& [id, job] : jobs_) {
    const bool lately = job.outcome && job.outcome->had_at != 0 && now - job.outcome->had_at < options_.outcome_replay;
    if (unread(job.outcome) || lately) out.push_back(*job.outcome);
    if (job.progress) out.push_back(*job.progress);
  }
  std::sort(out.begin(), out.end(), [](const JobEntry& a, const JobEntry& b) { return a.number < b.number; });
  return out;
}

std::size_t UserJobs::confirm(std::uint64_t up_to, WallMs now) {
  std::size_t news = 0;
  for (auto& [id, job] : jobs_) {
    if (!unread(job.outcome) || job.outcome->number > up_to) continue;
    job.outcome->had_at = now;
    --unread_;
    ++news;
  }
  return news;
}

std::optional<JobStatus> UserJobs::status(std::string_view job_id) const {
  const auto found = jobs_.find(job_id);
  if (found == jobs_.end()) return std::nullopt;
  return status_of(found->first, newest(found->second));
}

std::vector<JobStatus> UserJobs::list() const {
  std::vector<JobStatus> out;
  for (const auto& [id, job] : jobs_) out.push_back(status_of(id, newest(job)));
  return out;
}

std::vector<UserJobs::Gone> UserJobs::expire(WallMs now, bool tight) {
  std::vector<Gone> gone;
  for (auto it = jobs_.begin(); it != jobs_.end();) {
    Job& job = it->second;
    if (job.progress && (now - job.progress->time >= options_.progress_ttl || (tight && !unread(job.outcome))))
      drop(job.progress);
    if (job.outcome && (now - job.outcome->time >= options_.outcome_ttl || (tight && !unread(job.outcome)))) {
      gone.push_back({it->first, job.outcome->number, unread(job.outcome)});
      drop(job.outcome);
    }
    it = job.progress || job.outcome ? std::next(it) : jobs_.erase(it);
  }
  return gone;
}

}  // namespace signalbox::hub
