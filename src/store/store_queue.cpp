#include "store/store_queue.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "base/log.hpp"

namespace signalbox::store {
namespace {

constexpr std::chrono::seconds kRetry{1};
constexpr std::size_t kBatch = 8u << 20;  ///< bytes of one transaction, so that it does not take long by its size alone

log::RareWarning queue_full, receipts_dropped;

std::size_t memory_of(const Step& step) {
  std::size_t bytes = sizeof step + step.user.size() + step.job_id.size();
  if (step.frame) bytes += step.frame->memory();
  for (const auto& [user, online] : step.presence) bytes += sizeof user + user.size();
  return bytes;
}

bool is_outcome(const Step& step) {
  return step.kind == Step::Kind::put;
}

}  // namespace

hub::StoreState StoreQueue::state() const noexcept {
  if (hanging_.load(std::memory_order_relaxed)) return hub::StoreState::hanging;
  if (failing_.load(std::memory_order_relaxed)) return hub::StoreState::failing;
  const bool full = bytes_.load(std::memory_order_relaxed) >= options_.bytes;
  return full ? hub::StoreState::full : hub::StoreState::ready;
}

// Is the thread to be woken? Under the lock; it is woken when that has been given back.
bool StoreQueue::wakes() {
  return idle_ && something_to_do() && std::exchange(idle_, false);
}

void StoreQueue::add(Step step) {
  const std::size_t bytes = memory_of(step);
  bool full = false, dropped = false, wakes_it = false;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t before = bytes_.load(std::memory_order_relaxed);
    full = before + bytes >= options_.bytes;
    dropped = !is_outcome(step) && before >= options_.bytes + options_.bytes / 4;
    if (!dropped) {
      bytes_.store(before + bytes, std::memory_order_relaxed);
      steps_.push_back(std::move(step));
      wakes_it = wakes();
    }
  }
  if (wakes_it) changed_.notify_one();
  if (full) queue_full.write("STORE_QUEUE_BYTES is reached: outcomes are refused with 429");
  if (dropped) {
    receipts_dropped.write(
        "the disk is far behind: receipts are not written, and their outcomes will be told again after a restart");
  }
}

void StoreQueue::when_committed(hub::CommitGroup group, Committed callback) {
  bool wakes_it = false;
  {
    const std::lock_guard lock(mutex_);
    if (!gone_) {
      waiting_.push_back({done_ + steps_.size(), group, std::move(callback)});
      wakes_it = wakes();
    }
  }
  if (wakes_it) changed_.notify_one();
  if (callback) callback(hub::Commit::failed);
}

void StoreQueue::read(std::string_view user, std::optional<JobsToRead> jobs, Found callback) {
  bool wakes_it = false;
  {
    const std::lock_guard lock(mutex_);
    questions_.push_back({++last_question_, std::string(user), std::move(jobs), std::move(callback)});
    wakes_it = wakes();
  }
  if (wakes_it) changed_.notify_one();
}

void StoreQueue::run(Task task) {
  bool wakes_it = false;
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    wakes_it = wakes();
  }
  if (wakes_it) changed_.notify_one();
}

void StoreQueue::look(TimePoint now) {
  std::deque<Asked> questions;
  {
    const std::lock_guard lock(mutex_);
    if (busy_since_ == kNever || now - busy_since_ < options_.timeout) return;
    if (!hanging_.exchange(true)) {
      log::error("the disk does not answer: outcomes are refused until it does; progress goes on",
                 {{"store_timeout_ms", std::to_string(options_.timeout.count())}});
    }
    questions = std::exchange(questions_, {});
  }
  done_something_.notify_all();
  tell(take_waiting(hub::Commit::unknown));
  for (Asked& question : questions) call([&question] { question.callback({}); });
}

void StoreQueue::settle(Milliseconds patience) {
  {
    std::unique_lock lock(mutex_);
    const std::uint64_t all = done_ + steps_.size();
    done_something_.wait_for(lock, patience, [&] { return done_ >= all || failing_ || hanging_; });
  }
  const std::unique_lock lock(outside_, std::try_to_lock);
  if (!lock || abandoned_) return;  // one is being told, and takes long
  for (auto& [callback, commit] : take_waiting(hub::Commit::unknown)) callback(commit);
}

bool StoreQueue::end(Milliseconds patience) {
  std::unique_lock lock(mutex_);
  ending_ = true;
  if (wakes()) changed_.notify_one();
  return done_something_.wait_for(lock, patience, [this] { return has_ended_; });
}

std::size_t StoreQueue::abandon() {
  std::deque<Asked> questions;  // whose askers have gone: dropped
  std::size_t outcomes = 0;
  hub::Commit commit;
  {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    failing_ = true;
    commit = has_ended_ ? hub::Commit::failed : hub::Commit::unknown;
    questions = std::exchange(questions_, {});
    outcomes = static_cast<std::size_t>(std::ranges::count_if(steps_, is_outcome));
  }
  tell(take_waiting(commit));
  const std::lock_guard lock(outside_);
  abandoned_ = true;
  return outcomes;
}

bool StoreQueue::something_to_do() const {
  const bool ripe = !waiting_.empty() && waiting_.front().behind <= done_;
  return ending_ || ripe || !tasks_.empty() || !questions_.empty() || (!failing_ && !steps_.empty());
}

StoreQueue::Work StoreQueue::take() {
  std::unique_lock lock(mutex_);
  const auto wanted = [this] { return something_to_do(); };
  idle_ = true;
  failing_ ? static_cast<void>(changed_.wait_until(lock, retry_at_, wanted)) : changed_.wait(lock, wanted);
  idle_ = false;
  Work work{.tasks = std::exchange(tasks_, {}), .ending = ending_};
  if (failing_ && !ending_ && Clock::now() < retry_at_) return work;
  std::size_t bytes = 0;
  for (auto step = steps_.begin(); step != steps_.end() && bytes < kBatch; ++step) {
    work.batch.push_back(&*step);
    bytes += memory_of(*step);
  }
  return work;
}

void StoreQueue::disk_begins() {
  const std::lock_guard lock(mutex_);
  busy_since_ = Clock::now();
}

void StoreQueue::disk_ends() {
  const std::lock_guard lock(mutex_);
  busy_since_ = kNever;
  if (hanging_.exchange(false)) log::info("the disk answers again");
}

void StoreQueue::written(const Batch& batch, const std::vector<Fault>& faults) {
  Told told;
  {
    const std::lock_guard lock(mutex_);
    for (const Fault& fault : faults) {
      if (fault.step->group != 0) faults_[fault.step->group] = fault.commit;
    }
    for (std::size_t left = batch.size(); left > 0; --left) {
      bytes_.store(bytes_.load(std::memory_order_relaxed) - memory_of(steps_.front()), std::memory_order_relaxed);
      steps_.pop_front();
      ++done_;
    }
    for (; !waiting_.empty() && waiting_.front().behind <= done_; waiting_.pop_front()) {
      const auto fault = faults_.extract(waiting_.front().group);
      told.emplace_back(std::move(waiting_.front().callback), fault ? fault.mapped() : hub::Commit::durable);
    }
    if (!batch.empty() && failing_.exchange(false)) log::info("outcomes are written again");
  }
  done_something_.notify_all();
  tell(std::move(told));
}

void StoreQueue::not_written(std::string_view what) {
  {
    const std::lock_guard lock(mutex_);
    if (!failing_.exchange(true)) {
      log::error("outcomes cannot be written and are refused until they can; progress goes on",
                 {{"what", std::string(what)}});
    }
    retry_at_ = Clock::now() + kRetry;
  }
  done_something_.notify_all();
  tell(take_waiting(hub::Commit::failed));
}

// All who wait, and nobody waits for the steps of their groups any more.
StoreQueue::Told StoreQueue::take_waiting(hub::Commit commit) {
  Told told;
  const std::lock_guard lock(mutex_);
  std::unordered_set<hub::CommitGroup> groups;
  for (Waiting& one : std::exchange(waiting_, {})) {
    told.emplace_back(std::move(one.callback), commit);
    groups.insert(one.group);
  }
  if (groups.empty()) return told;
  for (Step& step : steps_) {
    if (groups.contains(step.group)) step.group = 0;
  }
  return told;
}

void StoreQueue::tell(Told told) {
  if (told.empty()) return;
  call([&told] {
    for (auto& [callback, commit] : told) callback(commit);
  });
}

void StoreQueue::next_question(std::optional<Question>& question) {
  const std::lock_guard lock(mutex_);
  if (question && (questions_.empty() || questions_.front().number != question->number)) question.reset();
  if (question || questions_.empty()) return;
  const Asked& next = questions_.front();
  question = {.number = next.number, .user = next.user, .jobs = next.jobs, .found = unwritten_of(next.user)};
  // The file has older ones of these, which would count in what is read.
  if (!question->jobs) return;
  std::unordered_set<std::string_view> found;
  for (const hub::StoredOutcome& one : question->found) found.insert(one.job_id);
  std::erase_if(question->jobs->jobs, [&found](const std::string& job) { return found.contains(job); });
}

// At the start of a question: what is written meanwhile may lie before the place that has been reached in the file.
std::vector<hub::StoredOutcome> StoreQueue::unwritten_of(std::string_view user) const {
  std::vector<hub::StoredOutcome> out;
  for (const Step& step : steps_) {
    if (!is_outcome(step) || step.user != user) continue;
    out.push_back({.user = step.user,
                   .job_id = step.job_id,
                   .entry = {.frame = step.frame, .number = step.number, .time = step.time}});
  }
  return out;
}

void StoreQueue::answer(const Question& question) {
  Found callback;
  {
    const std::lock_guard lock(mutex_);
    if (questions_.empty() || questions_.front().number != question.number) return;  // answered by look()
    callback = std::move(questions_.front().callback);
    questions_.pop_front();
  }
  call([&] { callback(question.found); });
}

void StoreQueue::ended() {
  const std::lock_guard lock(mutex_);
  has_ended_ = true;
  done_something_.notify_all();  // under the lock: who waits may be the last to hold this object
}

}  // namespace signalbox::store
