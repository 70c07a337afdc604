#include <algorithm>
#include <iterator>
#include <utility>

#include "queue/job_reader.hpp"

// What a reader has to find out before it tells a batch.
namespace signalbox::queue {
namespace {

using StepKind = JobStep::Kind;

std::int64_t time_of(const JobStep& step) {
  return step.mended ? step.finished_ms : static_cast<std::int64_t>(step.at.ms);
}

/// Does the hash of a job confirm what was heard of its end?
bool confirms(const JobWanted& found, const JobStep& step) {
  if (found.finished_ms == 0) return false;
  return step.kind == StepKind::failed ? found.has_failed : step.value.empty() || step.value == found.result;
}

}  // namespace

void JobReader::look_up(Batch& batch) {
  in_batch_.clear();
  wanted_.clear();
  if (std::exchange(forgets_, false)) known_.clear();
  for (std::size_t i = 0; i < batch.steps.size(); ++i) {
    const JobStep& step = batch.steps[i];
    const auto older = in_batch_.find(step.job);
    if (step.kind == StepKind::added && older != in_batch_.end() && older->second.tells) {
      cut(batch, i);
      break;
    }
    want(step, i);
  }
  if (wanted_.empty()) {
    batch.looked_up = true;
    return;
  }
  lookup_.begin(std::exchange(wanted_, {}), [this](std::expected<std::vector<JobWanted>, redis::Error> found) {
    if (found) return on_found(std::move(*found));
    broken_ = true;
    unread_.write("Redis does not say whose a queue's jobs are: reading begins again",
                  {{"queue", options_.queue}, {"why", found.error().text}});
  });
}

// All that was told before is over when a batch comes to the front: a job that is added then is a new one.
void JobReader::want(const JobStep& step, std::size_t index) {
  const auto [at, first] = in_batch_.try_emplace(step.job);
  InBatch& job = at->second;
  if (first || step.kind == StepKind::added) job.since = step.at;
  if (step.kind == StepKind::added) {
    job.added = true;
    known_.erase(step.job);
  }
  job.begun |= step.kind == StepKind::begun;
  job.tells |= step.kind == StepKind::progress || step.is_outcome();
  if (step.is_outcome()) job.last_outcome = index;
  const KnownJob* known = known_.find(step.job);
  const bool user = !known || step.kind == StepKind::begun || (known->user.empty() && step.is_outcome());
  const bool end = step.is_outcome() && (step.finished_ms == 0 || options_.check_ends);
  const bool remembered = step.at <= told_before_;
  if (step.kind == StepKind::removed || !(user || end || remembered)) return;
  if (job.row == kNone) {
    job.row = wanted_.size();
    wanted_.push_back({.job = step.job});
  }
  JobWanted& wanted = wanted_[job.row];
  wanted.at_ms = std::max(wanted.at_ms, static_cast<std::uint64_t>(time_of(step)));
  wanted.user |= user;
  wanted.remembered |= remembered;
}

// What is read now of a job that is added further on is that newer one's. So the rest waits until this is told.
void JobReader::cut(Batch& batch, std::size_t at) {
  const auto begin = batch.steps.begin() + static_cast<std::ptrdiff_t>(at);
  Batch rest{.steps = {std::make_move_iterator(begin), std::make_move_iterator(batch.steps.end())}, .last = batch.last};
  if (batch.last != kStays) batch.last = batch.steps[at - 1].at;
  batch.steps.erase(begin, batch.steps.end());
  for (const JobStep& step : rest.steps) {
    const auto older = in_batch_.find(step.job);
    if (step.kind == StepKind::added && older != in_batch_.end() && older->second.row != kNone)
      wanted_[older->second.row].hash = false;
  }
  batches_.insert(std::next(batches_.begin()), std::move(rest));
}

void JobReader::on_found(std::vector<JobWanted> found) {
  Batch& batch = batches_.front();
  for (JobWanted& job : found) learn(job, batch.steps);
  batch.looked_up = true;
  remember();
  work();
}

void JobReader::learn(JobWanted& found, std::vector<JobStep>& steps) {
  const InBatch& job = in_batch_.find(found.job)->second;
  if (found.memory && job.added && found.memory->since < job.since) found.memory.reset();  // of an older one
  KnownJob& known = known_.at(found.job);
  bool learned = false;
  if (known.user.empty() || (job.begun && !found.found_user.empty())) {
    learned = !found.found_user.empty();
    known.user = learned ? std::move(found.found_user) : found.memory ? found.memory->user : std::string();
    known.since = found.memory ? found.memory->since : job.since;
  }
  if (found.memory) known.ended_ms = std::max(known.ended_ms, found.memory->ended.ms);
  RememberedJob record{.user = known.user, .since = known.since};
  if (job.last_outcome != kNone) {
    JobStep& step = steps[job.last_outcome];
    judge_outcome(found, step);
    record.ended = step.mended ? StreamId{.ms = static_cast<std::uint64_t>(step.finished_ms)} : step.at;
    record.finished_ms = step.finished_ms;
  }
  if (known.user.empty() || (!learned && job.last_outcome == kNone)) return;
  remembered_.push_back(std::move(found.job));
  remembered_.push_back(to_text(record));
}

void JobReader::judge_outcome(const JobWanted& found, JobStep& step) const {
  if (options_.check_ends && found.has_hash && !confirms(found, step)) {
    step.kind = StepKind::seen;
    return;
  }
  if (step.finished_ms != 0) return;
  const bool told = found.memory && found.memory->ended == step.at;
  const bool its_own = found.finished_ms != 0 && found.finished_ms <= time_of(step) + kClocksDiffer;
  step.finished_ms = told ? found.memory->finished_ms : its_own ? found.finished_ms : time_of(step);
}

void JobReader::remember() {
  if (remembered_.empty()) return;
  const std::string key = options_.keys.jobs(today());
  redis::Command command{"HSET", key};
  command.insert(command.end(), remembered_.begin(), remembered_.end());
  const auto on_answer = [this](const redis::Answer& answer) {
    if (!answer && answer.error().kind == redis::Error::Kind::refused)
      unread_.write("Redis does not keep whose a queue's jobs are",
                    {{"queue", options_.queue}, {"why", answer.error().text}});
  };
  commands_.send(command, on_answer);
  remembered_.clear();
  commands_.send({"EXPIRE", key, "172800"}, [](const redis::Answer&) {});
}

}  // namespace signalbox::queue
