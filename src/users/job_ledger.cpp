#include "users/job_ledger.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

namespace signalbox::users {
namespace {

/// What a job takes beside its frame: a place, some of which are free, and its part of the index.
constexpr std::size_t kEntryBytes = 112;
/// What a user's jobs take beside that: the object and the first pieces of its tables.
constexpr std::size_t kJobsBytes = allocated(sizeof(UserJobs)) + 64;

std::size_t cost(const JobEntry& entry) {
  return kEntryBytes + allocated(entry.frame->memory());
}

std::size_t unread_cost_of(const Frame& outcome, bool data_stays) {
  const std::size_t key_alone = outcome.memory() - outcome.packet().size() + outcome.key().size();
  return kEntryBytes + allocated(data_stays ? outcome.memory() : key_alone);
}

}  // namespace

template <class Jobs, class Visit>
void UserJobs::each(Jobs& jobs, List list, Visit visit) {
  for (std::uint32_t place = list.oldest; place != KeptJob::kNone;) {
    auto& job = jobs[place];
    place = place == list.newest ? KeptJob::kNone : job.newer;
    visit(job);
  }
}

template <class Jobs, class Visit>
void UserJobs::each(Jobs& jobs, const std::array<List, 3>& lists, Visit visit) {
  for (const List& list : lists) each(jobs, list, visit);
}

UserJobs::UserJobs(const LedgerOptions& options, LedgerMemory& memory, std::size_t owner_bytes)
    : options_(options), memory_(memory), owner_bytes_(owner_bytes) {
  memory_.add(kJobsBytes + owner_bytes_);
}

UserJobs::~UserJobs() {
  each(jobs_, lists_, [this](const KeptJob& job) { uncount_all(job); });
  memory_.add(-(kJobsBytes + owner_bytes_));
}

void UserJobs::count_unread(const JobEntry& outcome) {
  const std::size_t own = unread_cost_of(*outcome.frame, memory_.unread->data_stays);
  const bool first = unread_++ == 0;
  memory_.unread->bytes.fetch_add(own + (first ? kJobsBytes + owner_bytes_ : 0), std::memory_order_relaxed);
}

void UserJobs::uncount_unread(const JobEntry& outcome) {
  const std::size_t own = unread_cost_of(*outcome.frame, memory_.unread->data_stays);
  const bool last = --unread_ == 0;
  memory_.unread->bytes.fetch_sub(own + (last ? kJobsBytes + owner_bytes_ : 0), std::memory_order_relaxed);
}

std::size_t UserJobs::unread_cost(const Frame& outcome, std::size_t owner_bytes, bool data_stays) {
  return unread_cost_of(outcome, data_stays) + kJobsBytes + owner_bytes;
}

std::size_t UserJobs::cost_of(std::size_t outcomes, std::size_t bytes) {
  return outcomes * kEntryBytes + bytes;
}

void UserJobs::count(const JobEntry& entry) {
  memory_.add(cost(entry));
  if (entry.unread()) count_unread(entry);
  if (!entry.loaded()) ++unloaded_;
}

void UserJobs::uncount(const JobEntry& entry) {
  memory_.add(-cost(entry));
  if (entry.unread()) uncount_unread(entry);
  if (!entry.loaded()) --unloaded_;
}

void UserJobs::uncount_all(const KeptJob& job) {
  if (job.newest.frame) uncount(job.newest);
  if (job.ended_before) uncount(*job.ended_before);
}

bool UserJobs::has_room(std::string_view job_id, std::size_t before) const {
  return unread_ + before < options_.unread_outcomes_per_user || find_unread(job_id);
}

const JobEntry* UserJobs::find_unread(std::string_view job_id) const {
  const KeptJob* job = jobs_.find(HashedText(job_id));
  return job && job->unread() ? job->outcome() : nullptr;
}

std::size_t UserJobs::unread_growth(const Frame& outcome) const {
  const bool data_stays = memory_.unread->data_stays;
  const std::size_t own = unread_cost_of(outcome, data_stays);
  const JobEntry* before = find_unread(outcome.key());
  if (before) return own - std::min(own, unread_cost_of(*before->frame, data_stays));
  return unread_ != 0 ? own : unread_cost(outcome, owner_bytes_, data_stays);
}

KeptJob& UserJobs::find_or_add(const HashedText& id) {
  KeptJob* job = jobs_.find(id);
  if (!job) return jobs_.add({.hash = JobTable::short_hash(id)});
  unlink(*job);
  return *job;
}

UserJobs::Kept UserJobs::keep(const HashedText& job_id, FrameRef frame, LedgerMs now, std::vector<Gone>& gone) {
  const bool runs = frame->kind() == FrameKind::progress;
  KeptJob& job = find_or_add(job_id);
  const JobEntry* outcome = runs ? nullptr : job.outcome();
  const Row replaced = outcome ? outcome->row : 0;
  if (runs && !job.runs && job.newest.frame) {
    job.ended_before = std::make_unique<JobEntry>(std::move(job.newest));
  } else if (runs && job.runs) {
    uncount(job.newest);
  } else {
    uncount_all(job);
    job.ended_before.reset();
  }
  job.newest = {.frame = std::move(frame), .number = ++last_number_, .time = now};
  job.runs = runs;
  count(job.newest);
  link(job);
  push_out(options_.jobs_per_user, gone);
  return {job.newest, replaced};
}

// A file that somebody has changed may have two outcomes of a job.
void UserJobs::restore(JobEntry outcome) {
  last_number_ = std::max(last_number_, outcome.number);
  KeptJob& job = find_or_add(HashedText(outcome.frame->key()));
  uncount_all(job);
  job.newest = std::move(outcome);
  count(job.newest);
  link(job);
}

void UserJobs::take_back(std::string_view job_id, std::uint64_t number, std::optional<JobEntry> before) {
  KeptJob* job = jobs_.find(HashedText(job_id));
  JobEntry* outcome = job ? job->outcome() : nullptr;
  if (!outcome || outcome->number != number) return;
  if (!before && !job->runs) return take_out(*job);
  unlink(*job);
  uncount(*outcome);
  if (before) {
    *outcome = *std::move(before);
    count(*outcome);
  } else {
    job->ended_before.reset();
  }
  link(*job);
}

void UserJobs::link(KeptJob& job) {
  job.rank = job.unread() ? KeptJob::Rank::unread : job.runs ? KeptJob::Rank::running : KeptJob::Rank::received;
  List& to = ranked(job.rank);
  const std::uint32_t place = jobs_.place_of(job);
  job.older = to.newest;
  (to.oldest == KeptJob::kNone ? to.oldest : jobs_[to.newest].newer) = place;
  to.newest = place;
}

// The neighbours' memory is cold: what an end of the list says of what lies beyond it is never read, hence not written.
void UserJobs::unlink(KeptJob& job) {
  List& from = ranked(job.rank);
  const std::uint32_t place = jobs_.place_of(job);
  if (from.oldest == from.newest) {
    from = {};
  } else if (from.oldest == place) {
    from.oldest = job.newer;
  } else if (from.newest == place) {
    from.newest = job.older;
  } else {
    jobs_[job.older].newer = job.newer;
    jobs_[job.newer].older = job.older;
  }
}

void UserJobs::take_out(KeptJob& job) {
  uncount_all(job);
  unlink(job);
  jobs_.remove(job);
}

void UserJobs::push_out(std::size_t most, std::vector<Gone>& gone) {
  while (bounded() > most) {
    List& received = ranked(KeptJob::Rank::received);
    push_one_out(received.oldest != KeptJob::kNone ? received : ranked(KeptJob::Rank::running), gone);
  }
}

void UserJobs::push_one_out(List& list, std::vector<Gone>& gone) {
  KeptJob& job = jobs_[list.oldest];
  if (const JobEntry* outcome = job.outcome()) gone.push_back({outcome->row, false});
  take_out(job);
  look_ahead(list);
}

// Who is full pushes one out for each that comes, and all of it is memory that was not touched for as long as this user
// has jobs: the next one's is fetched now. The job itself was fetched when it was the one after the next.
void UserJobs::look_ahead(const List& list) const {
  if (list.oldest == KeptJob::kNone || list.oldest == list.newest) return;
  const KeptJob& next = jobs_[list.oldest];
  __builtin_prefetch(&*next.newest.frame, 1);
  jobs_.prefetch(next);
  __builtin_prefetch(&jobs_[next.newer], 1);
}

UserJobs::Replay UserJobs::replay(const Ages& ages) const {
  Replay replay;
  std::vector<JobEntry>& out = replay.entries;
  each(jobs_, lists_, [&](const KeptJob& job) {
    const JobEntry* outcome = job.outcome();
    const bool told = outcome && (outcome->received_at == 0 || ages.of(outcome->received_at) < options_.outcome_replay);
    if (told && outcome->loaded()) out.push_back(*outcome);
    if (told && !outcome->loaded() && outcome->unread()) replay.withheld = std::max(replay.withheld, outcome->number);
    if (const JobEntry* progress = job.progress()) out.push_back(*progress);
  });
  std::sort(out.begin(), out.end(), [](const JobEntry& a, const JobEntry& b) { return a.number < b.number; });
  return replay;
}

std::vector<Row> UserJobs::confirm(OutcomeRange range, LedgerMs now, std::vector<Gone>& gone) {
  std::vector<Row> news;
  each(jobs_, ranked(KeptJob::Rank::unread), [&](KeptJob& job) {
    if (!range.contains(job.outcome()->number)) return;
    unlink(job);
    uncount_unread(*job.outcome());
    job.outcome()->received_at = now;
    if (job.outcome()->row != 0) news.push_back(job.outcome()->row);
    link(job);
  });
  push_out(options_.jobs_per_user, gone);
  return news;
}

std::optional<JobStatus> UserJobs::status(std::string_view job_id) const {
  const JobEntry* entry = newest(job_id);
  return entry ? std::optional(status_of(*entry)) : std::nullopt;
}

const JobEntry* UserJobs::newest(std::string_view job_id) const {
  const KeptJob* job = jobs_.find(HashedText(job_id));
  return job ? &job->newest : nullptr;
}

JobPage UserJobs::page(const JobQuery& query) const {
  JobPage page{.looked_at = 1};
  if (query.job_id) {
    if (const JobEntry* entry = newest(*query.job_id)) page.jobs.push_back(*entry);
    return page;
  }
  page.looked_at = jobs_.size();
  std::vector<const JobEntry*> behind;
  each(jobs_, lists_, [&](const KeptJob& job) {
    if (job.newest.number > query.after) behind.push_back(&job.newest);
  });
  const std::size_t shown = std::min(query.limit, behind.size());
  std::ranges::partial_sort(behind, behind.begin() + static_cast<std::ptrdiff_t>(shown), {}, &JobEntry::number);
  page.jobs.reserve(shown);
  for (const JobEntry* entry : std::span(behind).first(shown)) page.jobs.push_back(*entry);
  if (shown < behind.size()) page.next = page.jobs.back().number;
  page.cut(query.bytes);
  return page;
}

std::vector<UserJobs::Gone> UserJobs::expire(const Ages& ages, bool tight) {
  std::vector<Gone> gone;
  each(jobs_, lists_, [&](KeptJob& job) {
    const auto ends = [&](const JobEntry* entry, LedgerMs ttl) {
      return entry && (ages.ends(entry->time, entry->unread(), ttl) || (tight && !job.unread()));
    };
    const bool outcome_ends = ends(job.outcome(), options_.outcome_ttl);
    const bool progress_ends = ends(job.progress(), options_.progress_ttl);
    if (outcome_ends) gone.push_back({job.outcome()->row, job.unread()});
    if ((outcome_ends || !job.outcome()) && (progress_ends || !job.progress())) return take_out(job);
    if (!outcome_ends && !progress_ends) return;
    unlink(job);
    uncount(outcome_ends ? *job.ended_before : job.newest);
    if (progress_ends) job.newest = std::move(*job.ended_before);
    job.runs = !progress_ends;
    job.ended_before.reset();
    link(job);
  });
  push_out(options_.jobs_per_user, gone);
  if (jobs_.mostly_free()) compact();
  return gone;
}

bool UserJobs::outcomes_alone() const {
  bool one_runs = false;
  each(jobs_, lists_, [&one_runs](const KeptJob& job) { one_runs = one_runs || job.runs; });
  return !one_runs;
}

std::vector<JobEntry> UserJobs::outcomes() const {
  std::vector<JobEntry> out;
  each(jobs_, lists_, [&out](const KeptJob& job) {
    if (const JobEntry* outcome = job.outcome()) out.push_back(*outcome);
  });
  std::ranges::sort(out, {}, &JobEntry::number);
  return out;
}

void UserJobs::change_frame(JobEntry& outcome, FrameRef frame) {
  uncount(outcome);
  outcome.frame = std::move(frame);
  count(outcome);
}

void UserJobs::unload() {
  each(jobs_, lists_, [this](KeptJob& job) {
    JobEntry* outcome = job.outcome();
    if (outcome && outcome->loaded()) change_frame(*outcome, key_alone(outcome->frame));
  });
}

std::vector<StoredFrame> UserJobs::left_to_store() const {
  std::vector<StoredFrame> out;
  out.reserve(unloaded_);
  each(jobs_, lists_, [&out](const KeptJob& job) {
    const JobEntry* outcome = job.outcome();
    if (outcome && !outcome->loaded()) out.push_back({outcome->row, outcome->frame});
  });
  std::ranges::sort(out, {}, &StoredFrame::row);
  return out;
}

std::size_t UserJobs::load(const std::vector<StoredFrame>& found) {
  const std::size_t before = memory_.bytes.load(std::memory_order_relaxed);
  each(jobs_, lists_, [&](KeptJob& job) {
    JobEntry* outcome = job.outcome();
    if (!outcome || outcome->loaded()) return;
    const auto at = std::ranges::lower_bound(found, outcome->row, {}, &StoredFrame::row);
    if (at != found.end() && at->row == outcome->row) change_frame(*outcome, at->frame);
  });
  return memory_.bytes.load(std::memory_order_relaxed) - before;
}

void UserJobs::compact() {
  JobTable before = std::exchange(jobs_, {});
  each(before, std::exchange(lists_, {}), [this](KeptJob& job) { link(jobs_.add(std::move(job))); });
}

}  // namespace signalbox::users
