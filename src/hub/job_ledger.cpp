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

JobStatus status_of(const JobEntry& entry) {
  JsonItems items(entry.frame->packet().substr(2));  // behind "42"
  const std::string_view name = items.next().value_or("\"\"");
  return {.frame = entry.frame,
          .job_id = entry.frame->key(),
          .event = name.substr(1, name.size() - 2),
          .data = items.rest(),
          .time = entry.time,
          .had = entry.had_at != 0};
}

}  // namespace

std::string to_json(const JobStatus& status) {
  std::string out = "{\"jobId\":";
  append_json_string(out, status.job_id);
  out += ",\"event\":";
  append_json_string(out, status.event);
  out.append(",\"data\":").append(status.data).append(",\"time\":") += std::to_string(status.time);
  return out += status.had ? ",\"had\":true}" : ",\"had\":false}";
}

std::string unknown_job_json(std::string_view job_id) {
  std::string out = "{\"jobId\":";
  append_json_string(out, job_id);
  return out += ",\"event\":null,\"data\":null,\"time\":null,\"had\":false}";
}

template <class Visit>
void UserJobs::each(Visit visit) const {
  for (const List& list : lists_) {
    for (KeptJob* job = list.oldest; job;) {
      KeptJob* const next = job->newer;
      visit(*job);
      job = next;
    }
  }
}

UserJobs::~UserJobs() {
  each([this](KeptJob& job) {
    drop(job.progress);
    drop(job.outcome);
  });
}

void UserJobs::put(JobEntry& place, JobEntry entry) {
  drop(place);
  bytes_.fetch_add(cost(entry), std::memory_order_relaxed);
  if (entry.frame->kind() == FrameKind::outcome && entry.had_at == 0) ++unread_;
  place = std::move(entry);
}

void UserJobs::drop(JobEntry& place) {
  if (!place.frame) return;
  bytes_.fetch_sub(cost(place), std::memory_order_relaxed);
  if (place.frame->kind() == FrameKind::outcome && place.had_at == 0) --unread_;
  place = {};
}

bool UserJobs::has_room(std::string_view job_id) const {
  if (unread_ < options_.unread_outcomes_per_user) return true;
  const KeptJob* job = jobs_.find(HashedText(job_id));
  return job && job->unread();
}

KeptJob& UserJobs::find_or_add(std::string_view job_id, std::size_t most, std::vector<Gone>& gone) {
  const HashedText id(job_id);
  if (KeptJob* job = jobs_.find(id)) return *job;
  std::unique_ptr<KeptJob> place;  // of the last that was pushed out
  while (jobs_.size() >= most) {
    auto out = push_one_out(gone);
    if (!out) break;
    place = std::move(out);
  }
  if (!place) place = std::make_unique<KeptJob>();
  place->hash = id.hash;
  return jobs_.add(std::move(place));
}

const JobEntry& UserJobs::keep(std::string_view job_id, const FrameRef& frame, WallMs now, std::vector<Gone>& gone) {
  KeptJob& job = find_or_add(job_id, options_.jobs_per_user, gone);
  const bool outcome = frame->kind() == FrameKind::outcome;
  if (outcome) drop(job.progress);
  JobEntry& place = outcome ? job.outcome : job.progress;
  put(place, {.frame = frame, .number = ++last_number_, .time = now});
  rank(job);
  return place;
}

void UserJobs::restore(std::string_view job_id, JobEntry outcome) {
  last_number_ = std::max(last_number_, outcome.number);
  std::vector<Gone> none;
  KeptJob& job = find_or_add(job_id, SIZE_MAX, none);
  put(job.outcome, std::move(outcome));
  rank(job);
}

void UserJobs::unlink(KeptJob& job) {
  List& from = ranked(job.rank);
  if (job.older || job.newer || from.oldest == &job) {
    (job.older ? job.older->newer : from.oldest) = job.newer;
    (job.newer ? job.newer->older : from.newest) = job.older;
  }
  job.older = job.newer = nullptr;
}

void UserJobs::rank(KeptJob& job) {
  unlink(job);
  job.rank = job.unread() ? KeptJob::Rank::unread : job.progress.frame ? KeptJob::Rank::running : KeptJob::Rank::had;
  List& to = ranked(job.rank);
  job.older = to.newest;
  (to.newest ? to.newest->newer : to.oldest) = &job;
  to.newest = &job;
}

std::unique_ptr<KeptJob> UserJobs::take_out(KeptJob& job) {
  drop(job.progress);
  drop(job.outcome);
  unlink(job);
  return jobs_.remove(job);
}

std::unique_ptr<KeptJob> UserJobs::push_one_out(std::vector<Gone>& gone) {
  for (const auto rank : {KeptJob::Rank::had, KeptJob::Rank::running}) {
    KeptJob* job = ranked(rank).oldest;
    if (!job) continue;
    if (job->outcome.frame) gone.push_back({std::string(job->id()), job->outcome.number, false});
    return take_out(*job);
  }
  return nullptr;
}

std::vector<JobEntry> UserJobs::replay(WallMs now) const {
  std::vector<JobEntry> out;
  each([&](const KeptJob& job) {
    const bool lately = job.outcome.had_at != 0 && now - job.outcome.had_at < options_.outcome_replay;
    if (job.unread() || lately) out.push_back(job.outcome);
    if (job.progress.frame) out.push_back(job.progress);
  });
  std::sort(out.begin(), out.end(), [](const JobEntry& a, const JobEntry& b) { return a.number < b.number; });
  return out;
}

std::size_t UserJobs::confirm(std::uint64_t up_to, WallMs now) {
  std::size_t news = 0;
  each([&](KeptJob& job) {
    if (!job.unread() || job.outcome.number > up_to) return;
    job.outcome.had_at = now;
    --unread_;
    ++news;
    rank(job);
  });
  return news;
}

std::optional<JobStatus> UserJobs::status(std::string_view job_id) const {
  const KeptJob* job = jobs_.find(HashedText(job_id));
  if (!job) return std::nullopt;
  return status_of(job->newest());
}

std::vector<JobStatus> UserJobs::list() const {
  std::vector<const KeptJob*> order;
  each([&order](const KeptJob& job) { order.push_back(&job); });
  std::ranges::sort(order, {}, [](const KeptJob* job) { return job->newest().number; });
  std::vector<JobStatus> out;
  out.reserve(order.size());
  for (const KeptJob* job : order) out.push_back(status_of(job->newest()));
  return out;
}

std::vector<UserJobs::Gone> UserJobs::expire(WallMs now, bool tight) {
  std::vector<Gone> gone;
  each([&](KeptJob& job) {
    const auto ends = [&](const JobEntry& entry, WallMs ttl) {
      return entry.frame && (now - entry.time >= ttl || (tight && !job.unread()));
    };
    const bool outcome_ends = ends(job.outcome, options_.outcome_ttl);
    const bool progress_ends = ends(job.progress, options_.progress_ttl);
    if (outcome_ends) gone.push_back({std::string(job.id()), job.outcome.number, job.unread()});
    if ((outcome_ends || !job.outcome.frame) && (progress_ends || !job.progress.frame)) {
      take_out(job);
      return;
    }
    if (!outcome_ends && !progress_ends) return;
    drop(outcome_ends ? job.outcome : job.progress);
    rank(job);
  });
  return gone;
}

}  // namespace signalbox::hub
