#include "users/told_once.hpp"

#include <algorithm>
#include <optional>

#include "users/encode.hpp"

namespace signalbox::users {
namespace {

/// What the queue has said last of its job.
QueueWord last_word(const KeptJob& job) {
  return queue_word(*job.newest.frame).value_or(QueueWord{});
}

bool runs_or_just_ended(const KeptJob& job, LedgerMs at) {
  return !last_word(job).ends() || job.newest.time >= at - ToldOnce::kJustEnded;
}

/// The newest entry of a stream that told of it.
StreamPlace last_place(const KeptJob& job) {
  const StreamPlace newest = stream_place(*job.newest.frame);
  return job.ended_before ? std::max(newest, stream_place(*job.ended_before->frame)) : newest;
}

/// The job itself, if the outcome that is kept of it is that one.
const KeptJob* has_word(const KeptJob& job, const QueueWord& word) {
  return job.outcome() && queue_word(*job.outcome()->frame) == word ? &job : nullptr;
}
const KeptJob* has_place(const KeptJob& job, StreamPlace place) {
  return job.outcome() && stream_place(*job.outcome()->frame) == place ? &job : nullptr;
}

/// When it ended last; 0: it has not.
LedgerMs ended_at(const KeptJob& job) {
  if (last_word(job).ends()) return job.newest.time;
  return job.ended_before ? job.ended_before->time : 0;
}

/// Is the packet in memory, and an event of that name?
bool is_event(const Frame& frame, std::string_view name) {
  std::string_view packet = frame.packet();
  constexpr std::string_view kHead = "42[\"";
  if (!packet.starts_with(kHead)) return false;
  packet.remove_prefix(kHead.size());
  return packet.starts_with(name) && packet.substr(name.size()).starts_with('"');
}

}  // namespace

/// Has the queue said that before, or something newer? Where it does not say when the job has ended: the same, less
/// than a minute ago.
bool ToldOnce::is_known(const KeptJob& job, const QueueWord& word, LedgerMs at) {
  const auto says_so = [&](const JobEntry& entry) {
    const QueueWord said = queue_word(*entry.frame).value_or(QueueWord{});
    if (word.finished_ms != 0 && said.finished_ms > word.finished_ms + kClocksDiffer) return true;
    return said == word && (word.finished_ms != 0 || entry.time >= at - kJustEnded);
  };
  return says_so(job.newest) || (job.ended_before && says_so(*job.ended_before));
}

bool ToldOnce::has_ended(const KeptJob& job) {
  return last_word(job).ends();
}

ToldOnce::Verdict ToldOnce::judge(std::string_view name, const Frame& event, LedgerMs at) const {
  const auto word = queue_word(event);
  return word ? judge_queue(name, event, *word, at) : judge_worker(name, event, at);
}

ToldOnce::Verdict ToldOnce::judge_queue(std::string_view name, const Frame& event, const QueueWord& word,
                                        LedgerMs at) const {
  const KeptJob* const job = jobs_.find(hashed_job(name));
  const std::string_view id = job_name(name).id;
  const KeptJob* const worker = told_by_worker(id);
  const bool same_end = worker && word.ends() && !worker->runs && is_event(*worker->newest.frame, event_of(word.kind));
  if (job && word.ends() && is_known(*job, word, at)) {
    const KeptJob* const itself = has_word(*job, word);
    return {.told = false, .told_as = itself || !same_end ? itself : worker};
  }
  if (!worker || (word.ends() && !same_end)) return {};
  const bool goes_on = job && job->silent && !word.ends() && !last_word(*job).ends();
  const LedgerMs since = at - (job || !word.ends() ? kRemembered : kJustEnded);
  const bool silent = worker->newest.time >= since && (goes_on || is_of(worker->newest, job, id, at));
  return silent ? Verdict{.told = false, .silent = std::string(event.name()), .told_as = same_end ? worker : nullptr}
                : Verdict{};
}

const KeptJob* ToldOnce::told_by_worker(std::string_view id) const {
  const KeptJob* const job = jobs_.find(HashedText(id));
  return job && !job->silent ? job : nullptr;
}

/// Is that newest event of a worker of the queue's job? What came before the job ended was of an earlier run.
bool ToldOnce::is_of(const JobEntry& worker, const KeptJob* job, std::string_view id, LedgerMs at) const {
  if (worker.time > at + kJustEnded) return false;
  if (job && ended_at(*job) >= worker.time) return false;
  bool alone = true;
  jobs_.each_of_id(id, [&](const KeptJob& other) {
    alone = alone && (!other.of_queue || &other == job || !runs_or_just_ended(other, worker.time));
  });
  return alone;
}

ToldOnce::Verdict ToldOnce::judge_worker(std::string_view id, const Frame& event, LedgerMs at) const {
  if (const StreamPlace place = stream_place(event); place != 0) {
    const KeptJob* const known = jobs_.find(HashedText(id));
    if (known && last_place(*known) >= place) return {.told = false, .told_as = has_place(*known, place)};
  }
  const KeptJob* one = nullptr;
  std::size_t several = 0;
  jobs_.each_of_id(id, [&](const KeptJob& job) {
    if (!job.of_queue || !runs_or_just_ended(job, at)) return;
    one = &job;
    ++several;
  });
  if (several != 1) return {};
  const QueueWord word = last_word(*one);
  if (!word.ends()) return one->silent ? Verdict{} : Verdict{.silent = std::string(one->newest.frame->name())};
  if (one->silent) return {};
  // Late progress of a job that has completed would be the last that is known of it.
  const bool late = event.kind() == FrameKind::progress && word.kind == QueueWord::Kind::completed;
  if (late) return {.told = false};
  return is_event(event, event_of(word.kind)) ? Verdict{.told = false, .told_as = one} : Verdict{};
}

}  // namespace signalbox::users
