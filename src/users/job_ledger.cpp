#include "users/job_ledger.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

namespace signalbox::users {
namespace {

// A receipt says "all up to here" by numbers, and a login is told in the order of times. Where these differ, the number
// of an entry covers all that is told before it, but nothing unread that is told behind it.
void number_as_told(std::vector<JobEntry>& told) {
  if (std::ranges::is_sorted(told, {}, &JobEntry::number)) return;
  std::vector<std::uint64_t> up_to_there;
  up_to_there.reserve(told.size());
  for (std::uint64_t most = 0; const JobEntry& entry : told) up_to_there.push_back(most = std::max(most, entry.number));
  std::uint64_t first_behind = UINT64_MAX;
  for (std::size_t i = told.size(); i-- > 0;) {
    const std::uint64_t number = std::exchange(told[i].number, std::min(up_to_there[i], first_behind - 1));
    if (told[i].unread()) first_behind = std::min(first_behind, number);
  }
}

}  // namespace

UserJobs::~UserJobs() {
  jobs_.each([this](const KeptJob& job) { memory_.uncount(job); });
}

bool UserJobs::has_room(std::string_view job_id, std::size_t before) const {
  return memory_.unread() + before < options_.unread_outcomes_per_user || jobs_.find_unread(job_id);
}

UserJobs::Kept UserJobs::keep(const HashedText& job_id, FrameRef frame, LedgerMs now, std::vector<Gone>& gone,
                              bool silent) {
  const bool runs = frame->kind() == FrameKind::progress;
  KeptJob& job = jobs_.find_or_add(job_id);
  const JobEntry* outcome = runs ? nullptr : job.outcome();
  const Row replaced = outcome ? outcome->row : 0;
  if (runs && !job.runs && job.newest.frame) {
    job.ended_before = std::make_unique<JobEntry>(std::move(job.newest));
  } else if (runs && job.runs) {
    memory_.uncount(job.newest);
  } else {
    memory_.uncount(job);
    job.ended_before.reset();
  }
  job.newest = {.frame = std::move(frame), .number = silent ? 0 : ++last_number_, .time = now};
  job.runs = runs;
  job.silent = silent;
  memory_.count(job.newest);
  jobs_.link(job);
  push_out(gone);
  return {job.newest, replaced};
}

// The packet is but what makes it one.
void UserJobs::keep_silent(std::string_view name, LedgerMs now, std::vector<Gone>& gone) {
  FrameRef frame = text_frame("4", FrameKind::progress, name);
  const HashedText job(hashed_job(frame->key()));
  keep(job, std::move(frame), now, gone, true);
}

// Under the number of the other, so that whatever says that one was received says it of both.
bool UserJobs::keep_with(const KeptJob& told_as, FrameRef outcome, Row row, std::vector<Gone>& gone) {
  const HashedText job(hashed_job(outcome->key()));
  JobEntry* const told = jobs_.find(hashed_job(told_as.id()))->outcome();
  if (!told || !told->unread()) return false;
  if (job.text == told_as.id()) {
    told->row = row;
    return true;
  }
  const std::uint64_t number = told->number;
  JobEntry& beside = keep(job, std::move(outcome), told->time, gone, true).entry;
  beside.number = number;
  beside.row = row;
  return true;
}

bool UserJobs::knows(const Frame& outcome, LedgerMs now) const {
  const KeptJob* job = jobs_.find(hashed_job(outcome.key()));
  const auto word = queue_word(outcome);
  return job && word && ToldOnce::is_known(*job, *word, now);
}

bool UserJobs::runs(std::string_view job_id) const {
  const KeptJob* job = jobs_.find(hashed_job(job_id));
  return job && job->runs && !ToldOnce::has_ended(*job);
}

bool UserJobs::begins_second(const HashedText& job_id, LedgerMs now) {
  constexpr LedgerMs kSecond = 1000;
  KeptJob* job = jobs_.find(job_id);
  const auto second = static_cast<std::uint16_t>(now / kSecond);
  return job && std::exchange(job->told_second, second) != second;
}

// A file that somebody has changed may have two outcomes of a job.
void UserJobs::restore(JobEntry outcome) {
  last_number_ = std::max(last_number_, outcome.number);
  KeptJob& job = jobs_.find_or_add(hashed_job(outcome.frame->key()));
  memory_.uncount(job);
  job.newest = std::move(outcome);
  memory_.count(job.newest);
  jobs_.link(job);
}

bool UserJobs::has(std::string_view job_id, Row row) const {
  const KeptJob* job = jobs_.find(hashed_job(job_id));
  const JobEntry* outcome = job ? job->outcome() : nullptr;
  return outcome && outcome->frame && outcome->row == row;
}

// Not later than it came here: the clock of its node may be ahead, and what came behind it has its place already.
void UserJobs::date(std::string_view job_id, Row row, LedgerMs happened) {
  KeptJob* job = jobs_.find(hashed_job(job_id));
  JobEntry* outcome = job ? job->outcome() : nullptr;
  if (outcome && outcome->row == row) outcome->time = std::min(outcome->time, happened);
}

// A job that has begun to run again since keeps its progress, and its outcome beside it.
std::uint64_t UserJobs::take_found(JobEntry outcome, std::vector<Gone>& gone) {
  KeptJob* known = jobs_.find(hashed_job(outcome.frame->key()));
  JobEntry* kept = known ? known->outcome() : nullptr;
  if (kept && (kept->row == outcome.row || kept->time > outcome.time)) return 0;
  if (kept) gone.push_back({kept->row, false});
  const std::uint64_t number = outcome.number = last_number_ + 1;
  if (known && known->runs && known->newest.time >= outcome.time) {
    last_number_ = number;
    jobs_.unlink(*known);
    if (kept) memory_.uncount(*kept);
    known->ended_before = std::make_unique<JobEntry>(std::move(outcome));
    memory_.count(*known->ended_before);
    jobs_.link(*known);
  } else {
    if (known) take_out(*known);
    restore(std::move(outcome));
  }
  push_out(gone);
  return number;
}

void UserJobs::note_received(KeptJob& job, LedgerMs at) {
  jobs_.unlink(job);
  memory_.receive(*job.outcome(), at);
  jobs_.link(job);
}

UserJobs::Received UserJobs::receive(std::span<const Row> rows, LedgerMs at, std::vector<Gone>& gone) {
  Received received;
  std::vector<std::uint64_t> numbers;
  const auto is_among = [](const auto& all, auto one) { return std::ranges::find(all, one) != all.end(); };
  jobs_.each_of(KeptJob::Rank::unread, [&](KeptJob& job) {
    const auto [row, number] = std::pair(job.outcome()->row, job.outcome()->number);
    if (!is_among(rows, row)) return;
    note_received(job, at);
    numbers.push_back(number);
    if (!of_another(row)) received.own.push_back(row);
  });
  if (!numbers.empty() && jobs_.of_queues() != 0) {
    jobs_.each_of(KeptJob::Rank::unread, [&](KeptJob& job) {
      if (!is_among(numbers, job.outcome()->number)) return;
      note_received(job, at);
      received.with.push_back(job.outcome()->row);
    });
  }
  push_out(gone);
  return received;
}

void UserJobs::end_progress_but(const std::unordered_set<std::string_view>& jobs, LedgerMs since, LedgerMs until) {
  jobs_.each([&](KeptJob& job) {
    const JobEntry* progress = job.silent ? nullptr : job.progress();
    if (progress && progress->time >= since && progress->time <= until && !jobs.contains(job.id())) drop_progress(job);
  });
}

void UserJobs::drop_found() {
  jobs_.each([this](KeptJob& job) {
    if (job.outcome() && job.outcome()->frame && of_another(job.outcome()->row)) drop_outcome(job);
  });
}

void UserJobs::take_back(std::string_view job_id, std::uint64_t number, std::optional<JobEntry> before) {
  KeptJob* job = jobs_.find(hashed_job(job_id));
  JobEntry* outcome = job ? job->outcome() : nullptr;
  if (!outcome || outcome->number != number) return;
  if (!before) return drop_outcome(*job);
  jobs_.unlink(*job);
  memory_.uncount(*outcome);
  *outcome = *std::move(before);
  memory_.count(*outcome);
  jobs_.link(*job);
}

void UserJobs::forget(Row row) {
  jobs_.each([&](KeptJob& job) {
    if (job.outcome() && job.outcome()->row == row) drop_outcome(job);
  });
}

void UserJobs::take_out(KeptJob& job) {
  memory_.uncount(job);
  jobs_.remove(job);
}

void UserJobs::drop_outcome(KeptJob& job) {
  if (!job.runs) return take_out(job);
  jobs_.unlink(job);
  memory_.uncount(*job.ended_before);
  job.ended_before.reset();
  jobs_.link(job);
}

void UserJobs::drop_progress(KeptJob& job) {
  if (!job.ended_before) return take_out(job);
  jobs_.unlink(job);
  memory_.uncount(job.newest);
  job.newest = std::move(*job.ended_before);
  job.ended_before.reset();
  job.runs = job.silent = false;
  jobs_.link(job);
}

void UserJobs::push_out(std::vector<Gone>& gone) {
  while (jobs_.size() - memory_.unread() > options_.jobs_per_user) {
    const KeptJob::Rank rank = jobs_.first_rank();
    KeptJob& job = jobs_.oldest(rank);
    if (const JobEntry* outcome = job.outcome()) gone.push_back({outcome->row, false});
    take_out(job);
    jobs_.look_ahead(rank);
  }
}

UserJobs::Replay UserJobs::replay(const Ages& ages) const {
  Replay replay;
  std::vector<JobEntry>& out = replay.entries;
  jobs_.each([&](const KeptJob& job) {
    const JobEntry* outcome = job.outcome();
    const bool told =
        outcome && job.told() && (outcome->received_at == 0 || ages.of(outcome->received_at) < options_.outcome_replay);
    if (told && outcome->loaded()) out.push_back(*outcome);
    if (told && !outcome->loaded() && outcome->unread()) replay.withheld = std::max(replay.withheld, outcome->number);
    if (job.runs && !job.silent) out.push_back(job.newest);
  });
  // By their times, for what other nodes hold came later than it happened.
  std::ranges::sort(out, {}, [](const JobEntry& entry) { return std::pair(entry.time, entry.number); });
  number_as_told(out);
  return replay;
}

std::vector<Row> UserJobs::confirm(OutcomeRange range, LedgerMs now, std::vector<Gone>& gone) {
  std::vector<Row> news;
  jobs_.each_of(KeptJob::Rank::unread, [&](KeptJob& job) {
    if (!range.contains(job.outcome()->number)) return;
    note_received(job, now);
    if (job.outcome()->row != 0) news.push_back(job.outcome()->row);
  });
  push_out(gone);
  return news;
}

std::optional<JobStatus> UserJobs::status(std::string_view job_id) const {
  const JobEntry* entry = newest(job_id);
  return entry ? std::optional(status_of(*entry)) : std::nullopt;
}

const JobEntry* UserJobs::newest(std::string_view job_id) const {
  const KeptJob* job = jobs_.find(hashed_job(job_id));
  return job ? job->told() : nullptr;
}

const JobEntry* UserJobs::newest_of_id(std::string_view id) const {
  const JobEntry* newest = nullptr;
  jobs_.each_of_id(id, [&newest](const KeptJob& job) {
    const JobEntry* told = job.told();
    if (told && (!newest || told->number > newest->number)) newest = told;
  });
  return newest;
}

JobPage UserJobs::page(const JobQuery& query) const {
  JobPage page{.looked_at = 1};
  if (query.job_id) {
    if (const JobEntry* entry = newest_of_id(*query.job_id)) page.jobs.push_back(*entry);
    return page;
  }
  page.looked_at = jobs_.size();
  std::vector<const JobEntry*> behind;
  jobs_.each([&](const KeptJob& job) {
    const JobEntry* told = job.told();
    if (told && told->number > query.after) behind.push_back(told);
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
  jobs_.each([&](KeptJob& job) {
    const auto ends = [&](const JobEntry* entry, LedgerMs ttl) {
      return entry && (ages.ends(entry->time, entry->unread(), ttl) || (tight && !job.unread()));
    };
    const LedgerMs progress_ttl =
        job.silent ? std::min(ToldOnce::kRemembered, options_.progress_ttl) : options_.progress_ttl;
    const bool outcome_ends = ends(job.outcome(), options_.outcome_ttl);
    const bool progress_ends = ends(job.progress(), progress_ttl);
    if (outcome_ends) gone.push_back({job.outcome()->row, job.unread()});
    if (outcome_ends && progress_ends) return take_out(job);
    if (outcome_ends) return drop_outcome(job);
    if (progress_ends) drop_progress(job);
  });
  push_out(gone);
  jobs_.compact();
  return gone;
}

bool UserJobs::can_be_left() const {
  bool all = true;
  jobs_.each([&all](const KeptJob& job) { all = all && !job.runs && !of_another(job.newest.row); });
  return all;
}

std::vector<JobEntry> UserJobs::outcomes() const {
  std::vector<JobEntry> out;
  jobs_.each([&out](const KeptJob& job) {
    if (const JobEntry* outcome = job.outcome()) out.push_back(*outcome);
  });
  std::ranges::sort(out, {}, &JobEntry::number);
  return out;
}

void UserJobs::unload() {
  jobs_.each([this](KeptJob& job) {
    JobEntry* outcome = job.outcome();
    if (outcome && outcome->loaded() && !of_another(outcome->row))
      memory_.change_frame(*outcome, key_alone(outcome->frame));
  });
}

std::vector<StoredFrame> UserJobs::left_to_store() const {
  std::vector<StoredFrame> out;
  out.reserve(memory_.unloaded());
  jobs_.each([&out](const KeptJob& job) {
    const JobEntry* outcome = job.outcome();
    if (outcome && !outcome->loaded()) out.push_back({outcome->row, outcome->frame});
  });
  std::ranges::sort(out, {}, &StoredFrame::row);
  return out;
}

std::size_t UserJobs::load(const std::vector<StoredFrame>& found) {
  const std::size_t before = memory_.bytes_of_all();
  jobs_.each([&](KeptJob& job) {
    JobEntry* outcome = job.outcome();
    if (!outcome || outcome->loaded()) return;
    const auto at = std::ranges::lower_bound(found, outcome->row, {}, &StoredFrame::row);
    if (at != found.end() && at->row == outcome->row) memory_.change_frame(*outcome, at->frame);
  });
  return memory_.bytes_of_all() - before;
}

}  // namespace signalbox::users
