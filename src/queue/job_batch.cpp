#include "queue/job_batch.hpp"

#include <algorithm>
#include <iterator>

#include "users/encode.hpp"

namespace signalbox::queue {
namespace {

using StepKind = JobStep::Kind;

std::int64_t time_of(const JobStep& step) {
  return step.mended ? step.finished_ms : step.at.time();
}

/// Has the job ended as this step says, by its hash?
bool ends_so(const JobWanted& found, const JobStep& step) {
  return found.finished_ms != 0 && found.completed == (step.kind == StepKind::completed);
}

/// And does the hash say so of the same end?
bool confirms(const JobWanted& found, const JobStep& step) {
  if (!ends_so(found, step)) return false;
  return step.kind == StepKind::failed || step.value.empty() || !found.result || step.value == *found.result;
}

}  // namespace

std::vector<JobWanted> JobBatch::ask(KnownJobs& known, const Rules& rules) {
  rules_ = rules;
  std::vector<JobWanted> wanted;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (is_cut(steps_[i])) {
      cut(i, wanted);
      break;
    }
    want(steps_[i], i, known, wanted);
  }
  ready_ = wanted.empty();
  return wanted;
}

// What is read now of a job that is added further on is that newer one's. So the rest waits until the first is told.
bool JobBatch::is_cut(const JobStep& step) const {
  const bool added = step.kind == StepKind::added;
  if (!added && !(rules_.check_ends && step.kind == StepKind::begun)) return false;
  const auto older = jobs_.find(step.job);
  return older != jobs_.end() && (added ? older->second.used : older->second.last_outcome != kNone);
}

void JobBatch::cut(std::size_t at, std::vector<JobWanted>& wanted) {
  const auto begin = steps_.begin() + static_cast<std::ptrdiff_t>(at);
  rest_.assign(std::make_move_iterator(begin), std::make_move_iterator(steps_.end()));
  rest_last_ = last_;
  if (last_ != kStays) last_ = steps_[at - 1].at;
  steps_.erase(begin, steps_.end());
  bytes_ -= bytes_of(rest_);
  for (const JobStep& step : rest_) {
    const auto older = step.kind == StepKind::added ? jobs_.find(step.job) : jobs_.end();
    if (older != jobs_.end() && older->second.row != kNone) wanted[older->second.row].hash = false;
  }
}

std::optional<JobBatch> JobBatch::take_rest() {
  if (rest_.empty()) return std::nullopt;
  return JobBatch(std::exchange(rest_, {}), rest_last_);
}

// A job that is added is a new one. So is one that waits while it waits: the first has gone, and nothing says so.
void JobBatch::want(const JobStep& step, std::size_t index, KnownJobs& known_jobs, std::vector<JobWanted>& wanted) {
  const auto [at, first] = jobs_.try_emplace(step.job);
  Job& job = at->second;
  if (first) job.since = step.at;
  if (step.kind == StepKind::added) begin_anew(step, job, known_jobs);
  if (step.kind == StepKind::waits) {
    const KnownJob* const known = known_jobs.find(step.job);
    if (job.waits || (known && known->waits && !job.begun)) begin_anew(step, job, known_jobs);
  }
  job.begun |= step.kind == StepKind::begun;
  job.waits = step.kind == StepKind::waits || (job.waits && step.kind != StepKind::begun);
  job.used |= step.kind == StepKind::progress || step.kind == StepKind::removed || step.is_outcome();
  if (step.is_outcome()) job.last_outcome = index;
  const KnownJob* known = known_jobs.find(step.job);
  const bool user = !known || step.kind == StepKind::begun || (known->user.empty() && step.is_outcome());
  const bool remembered = may_be_told(step);
  if (step.kind == StepKind::removed || !(user || step.is_outcome() || remembered)) return;
  if (job.row == kNone) {
    job.row = wanted.size();
    wanted.push_back({.job = step.job});
  }
  JobWanted& row = wanted[job.row];
  row.at_ms = std::max(row.at_ms, time_of(step));
  row.user |= user;
  row.with_result |= rules_.check_ends && step.is_outcome() && !step.mended;
  row.remembered |= remembered || (user && !job.added && !step.mended && !rules_.check_ends);
}

void JobBatch::begin_anew(const JobStep& step, Job& job, KnownJobs& known_jobs) {
  job.since = step.at;
  job.added = true;
  known_jobs.erase(step.job);
}

JobBatch::Remembered JobBatch::learn(std::vector<JobWanted> found, KnownJobs& known_jobs) {
  for (JobWanted& row : found) {
    const Job& job = jobs_.find(row.job)->second;
    const KnownJob* const known = known_jobs.find(row.job);
    const bool in_vain = known && known->user.empty();  // what is remembered by now is of an older one
    if (row.memory && (in_vain || !is_of(*row.memory, job))) row.memory.reset();
    learn_user(row, job, known_jobs.at(row.job));
  }
  for (const auto& [id, job] : jobs_) {
    if (KnownJob* const known = job.waits || job.begun ? known_jobs.find(id) : nullptr) known->waits = job.waits;
  }
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Job& job = jobs_.find(steps_[i].job)->second;
    if (job.row != kNone) judge(i, found[job.row], job);
  }
  Remembered out;
  for (JobWanted& row : found) {
    const KnownJob& known = known_jobs.at(row.job);
    RememberedJob record = record_of(known, jobs_.find(row.job)->second);
    const bool is_new = record.has_ended() || !row.memory || row.memory->user != known.user;
    if (is_new && !known.user.empty()) out.emplace_back(std::move(row.job), std::move(record));
  }
  jobs_.clear();
  ready_ = true;
  return out;
}

// What was remembered of one that has ended says nothing of what comes after.
bool JobBatch::is_of(const RememberedJob& memory, const Job& job) {
  if (!job.added) return !memory.has_ended() || job.since <= memory.ended_at_most();
  return memory.mended() ? job.since <= memory.ended : job.since <= memory.since;
}

void JobBatch::learn_user(JobWanted& found, const Job& job, KnownJob& known) const {
  if (!users::valid_user_id(found.found_user)) found.found_user.clear();
  if (!known.user.empty() && !(job.begun && !found.found_user.empty())) return;
  known.since = found.memory && !job.added ? found.memory->since : job.since;
  // The hash may be that of a newer job, made less than kClocksDiffer after the step: what was remembered is surer.
  const bool newer_hash = !found.memory || rules_.check_ends ||
                          (found.made_ms > found.memory->since.time() + kClocksDiffer && found.made_ms <= found.at_ms);
  const bool by_hash = !found.found_user.empty() && newer_hash;
  known.user = by_hash ? std::move(found.found_user) : found.memory ? found.memory->user : std::string();
}

// Of a job that has ended all that may have been told before is older than its end.
void JobBatch::judge(std::size_t index, const JobWanted& found, const Job& job) {
  JobStep& step = steps_[index];
  if (step.is_outcome() && !step.mended) return judge_outcome(step, found, index == job.last_outcome);
  // It runs again or ended once more since, or its id is another job's by now: the end that follows is told.
  if (step.is_outcome() && found.has_hash && found.finished_ms != step.finished_ms) step.kind = StepKind::seen;
  if (step.kind != StepKind::progress || !may_be_told(step)) return;
  if (found.finished_ms != 0 || (found.memory && step.at <= found.memory->ended_at_most())) step.kind = StepKind::seen;
}

void JobBatch::judge_outcome(JobStep& step, const JobWanted& found, bool last) const {
  if (rules_.check_ends && found.has_hash && !confirms(found, step)) {
    step.kind = StepKind::seen;
    return;
  }
  const RememberedJob* const same = found.memory && found.memory->is_end(step.at) ? &*found.memory : nullptr;
  const bool by_hash =
      (last || rules_.check_ends) && ends_so(found, step) && found.finished_ms <= time_of(step) + kClocksDiffer;
  if (same && (!same->mended() || found.finished_ms == 0)) {
    step.finished_ms = same->finished_ms;
  } else if (by_hash) {
    step.finished_ms = found.finished_ms;
  } else {
    const bool newer = !last || found.finished_ms != 0 || (found.memory && step.at < found.memory->ended);
    if (newer && may_be_told(step)) step.kind = StepKind::seen;
    step.finished_ms = time_of(step);
  }
}

RememberedJob JobBatch::record_of(const KnownJob& known, const Job& job) const {
  RememberedJob out{.user = known.user, .since = known.since};
  if (job.last_outcome == kNone || !steps_[job.last_outcome].is_outcome()) return out;
  const JobStep& step = steps_[job.last_outcome];
  out.ended = step.mended ? RememberedJob::mended_at(step.finished_ms) : step.at;
  out.finished_ms = step.finished_ms;
  return out;
}

}  // namespace signalbox::queue
