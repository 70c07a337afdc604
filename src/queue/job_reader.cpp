#include "queue/job_reader.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "queue/job_members.hpp"
#include "users/job_name.hpp"

namespace signalbox::queue {
namespace {

using StepKind = JobStep::Kind;

// KEYS: the position, the lease, and the days' hashes of jobs. ARGV: who reads, how far all is told, and the jobs that
// need not be remembered any more.
const redis::Script& store_script() {
  static const redis::Script script(R"(
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
for i = 3, #ARGV, 1000 do
  for day = 3, #KEYS do redis.call('HDEL', KEYS[day], unpack(ARGV, i, math.min(i + 999, #ARGV))) end
end
return 1
)");
  return script;
}

}  // namespace

JobReader::JobReader(redis::Client& commands, Sink& sink, const JsonPaths& users, JobReaderOptions options)
    : commands_(commands),
      sink_(sink),
      users_(users),
      options_(std::move(options)),
      lookup_(commands, options_.keys, users),
      known_(kKnownJobs),
      untold_(options_.queue) {}

void JobReader::begin(StreamId position, StreamId told_before) {
  end();
  unanswered_.restart(position);
  told_before_ = told_before;
  began_ = true;
}

void JobReader::leave() {
  if (has_to_store()) store();
  end();
}

void JobReader::end() {
  lookup_.drop();
  batches_.clear();
  known_.clear();
  forgotten_.clear();
  unanswered_.restart({});
  stored_.reset();
  repeat_at_ = store_at_ = kNever;
  began_ = broken_ = forgets_ = false;
}

bool JobReader::has_room() const {
  return !broken_ && batches_.size() < kMostBatches && !stands();
}

std::size_t JobReader::bytes() const {
  std::size_t out = unanswered_.bytes();
  for (const JobBatch& batch : batches_) out += batch.bytes();
  return out;
}

std::size_t JobReader::waiting() const {
  std::size_t out = unanswered_.size();
  for (const JobBatch& batch : batches_) out += batch.left();
  return out;
}

void JobReader::take(std::vector<JobStep> steps, StreamId last) {
  counts_.events += steps.size();
  drop_long_ids(steps);
  batches_.emplace_back(std::move(steps), last, std::exchange(forgets_, false));
  work();
}

// No browser is told of such a job, and its id alone may be more than Redis is asked at once.
void JobReader::drop_long_ids(std::vector<JobStep>& steps) {
  std::erase_if(steps, [this](const JobStep& step) {
    if (step.job.size() <= users::kMostJobBytes) return false;
    if (step.is_outcome()) {
      ++counts_.refused;
      untold_.refused(step.job.substr(0, users::kMostJobBytes), "its job's id is longer than 256 bytes");
    }
    return true;
  });
}

// A look-up that has nothing to ask, and a sink, may answer at once: that is no new beginning.
void JobReader::work() {
  if (std::exchange(works_, true)) return;
  while (!batches_.empty() && !lookup_.busy() && !broken_ && !unanswered_.has_postponed()) {
    JobBatch& batch = batches_.front();
    if (!batch.ready()) look_up(batch);
    if (!batch.ready() || !tell(batch)) break;
    unanswered_.told(batch.last());
    batches_.pop_front();
  }
  works_ = false;
}

void JobReader::look_up(JobBatch& batch) {
  if (batch.forgets()) forget_known();
  auto wanted = batch.ask(known_, {.told_before = told_before_, .check_ends = options_.check_ends});
  if (auto rest = batch.take_rest()) batches_.insert(std::next(batches_.begin()), *std::move(rest));
  if (batch.ready()) return;
  lookup_.begin(std::move(wanted), [this](std::expected<std::vector<JobWanted>, redis::Error> found) {
    if (found) {
      remember(batches_.front().learn(std::move(*found), known_));
      return work();
    }
    broken_ = true;
    unread_.write("Redis does not say whose a queue's jobs are: reading begins again",
                  {{"queue", options_.queue}, {"why", found.error().text}});
  });
}

// Also for the next reader: who has an id by now, nothing says but the job's hash.
void JobReader::forget_known() {
  known_.clear();
  for (const std::int64_t day : remembered_days())
    commands_.send({"DEL", options_.keys.jobs(day)}, [](const redis::Answer&) {});
}

void JobReader::remember(const JobBatch::Remembered& jobs) {
  if (jobs.empty()) return;
  const std::string key = options_.keys.jobs(today());
  std::unordered_set<std::string_view> ids;
  for (const auto& [job, record] : jobs) ids.insert(job);
  std::erase_if(forgotten_, [&](const Forgotten& each) { return ids.contains(each.job); });  // of an older job
  std::vector<std::string> texts;
  for (const auto& [job, record] : jobs) texts.push_back(to_text(record));
  redis::Command command{"HSET", key};
  for (std::size_t i = 0; i < jobs.size(); ++i) command.insert(command.end(), {jobs[i].first, texts[i]});
  commands_.send(command, [this](const redis::Answer& answer) {
    if (!answer && answer.error().kind == redis::Error::Kind::refused)
      unread_.write("Redis does not keep whose a queue's jobs are",
                    {{"queue", options_.queue}, {"why", answer.error().text}});
  });
  commands_.send({"EXPIRE", key, "172800"}, [](const redis::Answer&) {});
}

/// False: not to the end, since something is to be told once more first.
bool JobReader::tell(JobBatch& batch) {
  while (JobStep* const step = batch.next()) {
    if (unanswered_.has_postponed()) return false;
    batch.pass();
    const StreamId at = step->at;
    tell(*step, batch.last() == JobBatch::kStays);
    if (batch.last() != JobBatch::kStays) unanswered_.told(at);
  }
  return true;
}

void JobReader::tell(JobStep& step, bool again) {
  if (step.kind == StepKind::progress) return tell_progress(step);
  if (step.is_outcome()) return tell_outcome(step, again);
  if (step.kind != StepKind::removed) return;
  known_.erase(step.job);
  forgotten_.push_back({.at = step.at, .job = std::move(step.job)});
}

void JobReader::tell_progress(JobStep& step) {
  const KnownJob* known = known_.find(step.job);
  if (!known || known->user.empty()) return;
  sink_.tell({.kind = JobReport::Kind::progress,
              .user = known->user,
              .queue = options_.queue,
              .job_id = std::move(step.job),
              .members = progress_members(step.value, options_.json_depth)},
             [](Taken) {});
}

// Where nothing says which jobs are new, the next with that id may be another's.
void JobReader::tell_outcome(JobStep& step, bool again) {
  const KnownJob* const known = known_.find(step.job);
  std::string user = known ? known->user : std::string();
  if (options_.check_ends) known_.erase(step.job);
  if (user.empty() && step.kind == StepKind::completed) user = users_.find(kJobData, step.value).value_or("");
  if (user.empty()) {
    ++counts_.unattributed;
    untold_.unattributed(step.job);
    forgotten_.push_back({.at = step.at, .job = std::move(step.job)});
    return;
  }
  if (step.mended)
    told_before_ = std::max(told_before_, StreamId{.ms = static_cast<std::uint64_t>(step.finished_ms + kClocksDiffer)});
  std::string members = members_of(step);
  const auto kind = step.kind == StepKind::completed ? JobReport::Kind::completed : JobReport::Kind::failed;
  tell_outcome(unanswered_.add({.kind = kind,
                                .user = std::move(user),
                                .queue = options_.queue,
                                .job_id = std::move(step.job),
                                .members = std::move(members),
                                .finished_ms = step.finished_ms},
                               again));
}

// A value may grow where it becomes a text.
std::string JobReader::members_of(const JobStep& step) {
  if (step.kind == StepKind::failed)
    return failed_members(std::string_view(step.value).substr(0, options_.max_payload / 8));
  const std::size_t most = room_for_members(step.job, options_.queue, options_.max_payload);
  if (!step.truncated && step.value.size() <= most) {
    std::string members = completed_members(step.value, options_.json_depth);
    if (members.size() <= most) return members;
  }
  large_.write("a job's result is larger than MAX_PAYLOAD_BYTES: it is told without it",
               {{"queue", options_.queue}, {"job", step.job}});
  return truncated_members();
}

void JobReader::tell_outcome(Unanswered::Number number) {
  sink_.tell(unanswered_.report(number), [this, number](Taken taken) { on_answer(number, taken); });
}

void JobReader::on_answer(Unanswered::Number number, Taken taken) {
  if (!unanswered_.has(number)) return;
  if (taken == Taken::later) return unanswered_.postpone(number);
  if (taken == Taken::yes) {
    ++counts_.outcomes;
  } else {
    ++counts_.refused;
    untold_.refused(unanswered_.report(number).job_id, why(taken));
  }
  unanswered_.settle(number);
}

TimePoint JobReader::next_deadline() const {
  const bool repeats = unanswered_.has_postponed();
  if ((repeats && repeat_at_ == kNever) || (has_to_store() && store_at_ == kNever)) return TimePoint::min();
  return std::min(repeat_at_, store_at_);
}

void JobReader::on_timer(TimePoint now) {
  if (unanswered_.has_postponed() && repeat_at_ == kNever) repeat_at_ = now + kRepeatAfter;
  if (now >= repeat_at_) {
    repeat_at_ = kNever;
    for (const Unanswered::Number number : unanswered_.take_postponed()) tell_outcome(number);
  }
  work();
  if (has_to_store() && store_at_ == kNever) store_at_ = now + kStoreEach;
  if (now >= store_at_) store();
}

void JobReader::store() {
  store_at_ = kNever;
  stored_ = unanswered_.position();
  redis::ScriptCall call{.keys = {options_.keys.position(), options_.keys.lease()},
                         .arguments = {options_.holder, to_text(*stored_)}};
  for (const std::int64_t day : remembered_days()) call.keys.push_back(options_.keys.jobs(day));
  std::ranges::move(unanswered_.take_ended(), std::back_inserter(call.arguments));
  take_forgotten(call.arguments);
  commands_.run(store_script(), std::move(call), [this](const redis::Answer& answer) {
    if (!answer && answer.error().kind == redis::Error::Kind::refused)
      unread_.write("Redis does not keep how far a queue was read",
                    {{"queue", options_.queue}, {"why", answer.error().text}});
  });
}

void JobReader::take_forgotten(std::vector<std::string>& out) {
  const auto later = std::ranges::find_if(forgotten_, [this](const Forgotten& each) { return each.at > *stored_; });
  for (auto each = forgotten_.begin(); each != later; ++each) out.push_back(std::move(each->job));
  forgotten_.erase(forgotten_.begin(), later);
}

}  // namespace signalbox::queue
