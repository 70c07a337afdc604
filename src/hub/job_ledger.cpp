#include "hub/job_ledger.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/json_scan.hpp"
#include "base/json_write.hpp"

namespace signalbox::hub {
namespace {

constexpr std::size_t kEntryBytes = 160;  ///< what a job costs beside its frame, roughly

std::size_t cost(const JobEntry& entry) {
  return kEntryBytes + entry.frame->memory();
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

UserJobs::Job& UserJobs::find_or_add(std::string_view job_id, std::size_t most) {
  auto found = jobs_.find(job_id);
  if (found != jobs_.end()) return found->second;
  Jobs::node_type free;  // the place of the last that was pushed out
  while (jobs_.size() >= most) {
    auto node = push_one_out();
    if (!node) break;
    free = std::move(node);
  }
  if (free) {
    free.key() = job_id;
    free.mapped() = Job{};
    found = jobs_.insert(std::move(free)).position;
  } else {
    found = jobs_.emplace(std::string(job_id), Job{}).first;
  }
  found->second.id = &found->first;
  return found->second;
}

const JobEntry& UserJobs::keep(std::string_view job_id, const FrameRef& frame, WallMs now) {
  Job& job = find_or_add(job_id, options_.jobs_per_user);
  const bool outcome = frame->kind() == FrameKind::outcome;
  if (outcome) drop(job.progress);
  auto& place = outcome ? job.outcome : job.progress;
  put(place, {.frame = frame, .number = ++last_number_, .time = now});
  rank(job);
  return *place;
}

void UserJobs::restore(std::string job_id, JobEntry outcome) {
  last_number_ = std::max(last_number_, outcome.number);
  Job& job = find_or_add(job_id, SIZE_MAX);
  put(job.outcome, std::move(outcome));
  rank(job);
}

void UserJobs::unlink(Job& job) {
  List& list = lists_[static_cast<std::size_t>(job.rank)];
  if (job.older || job.newer || list.oldest == &job) {
    (job.older ? job.older->newer : list.oldest) = job.newer;
    (job.newer ? job.newer->older : list.newest) = job.older;
  }
  job.older = job.newer = nullptr;
}

void UserJobs::rank(Job& job) {
  unlink(job);
  job.rank = unread(job.outcome) ? Rank::unread : job.progress ? Rank::running : Rank::had;
  List& list = lists_[static_cast<std::size_t>(job.rank)];
  job.older = list.newest;
  (list.newest ? list.newest->newer : list.oldest) = &job;
  list.newest = &job;
}

UserJobs::Jobs::node_type UserJobs::push_one_out() {
  for (const Rank rank : {Rank::had, Rank::running}) {
    Job* job = lists_[static_cast<std::size_t>(rank)].oldest;
    if (!job) continue;
    drop(job->progress);
    drop(job->outcome);
    unlink(*job);
    return jobs_.extract(*job->id);
  }
  return {};
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
    rank(job);
  }
  return news;
}

std::optional<JobStatus> UserJobs::status(std::string_view job_id) const {
  const auto found = jobs_.find(job_id);
  if (found == jobs_.end()) return std::nullopt;
  return status_of(found->first, newest(found->second));
}

std::vector<JobStatus> UserJobs::list() const {
  std::vector<const Job*> order;
  for (const auto& [id, job] : jobs_) order.push_back(&job);
  std::ranges::sort(order, {}, [](const Job* job) { return newest(*job).number; });
  std::vector<JobStatus> out;
  for (const Job* job : order) out.push_back(status_of(*job->id, newest(*job)));
  return out;
}

std::vector<UserJobs::Gone> UserJobs::expire(WallMs now, bool tight) {
  std::vector<Gone> gone;
  for (auto it = jobs_.begin(); it != jobs_.end();) {
    Job& job = it->second;
    const bool ran = job.progress.has_value();
    if (job.progress && (now - job.progress->time >= options_.progress_ttl || (tight && !unread(job.outcome))))
      drop(job.progress);
    if (job.outcome && (now - job.outcome->time >= options_.outcome_ttl || (tight && !unread(job.outcome)))) {
      gone.push_back({it->first, job.outcome->number, unread(job.outcome)});
      drop(job.outcome);
    }
    if (job.progress || job.outcome) {
      if (ran && !job.progress) rank(job);  // its outcome alone is left
      ++it;
    } else {
      unlink(job);
      it = jobs_.erase(it);
    }
  }
  return gone;
}

}  // namespace signalbox::hub
