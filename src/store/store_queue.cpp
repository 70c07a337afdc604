#include "store/store_queue.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "base/log.hpp"

namespace signalbox::store {
namespace {

constexpr std::chrono::seconds kRetry{1};
constexpr std::size_t kBatch = 8u << 20;  ///< bytes of one transaction, so that it does not take long by its size alone

/// Steps that nobody waits for are gathered for so long: a commit costs as much for one as for many.
constexpr Milliseconds kGather{50};

std::size_t memory_of(const Step& step) {
  struct Counted {
    std::size_t operator()(const Put& put) const { return put.user.size() + put.outcome.frame->memory(); }
    std::size_t operator()(const Received& received) const { return received.rows.size() * sizeof(Row); }
    std::size_t operator()(const Forget& forget) const { return forget.rows.size() * sizeof(Row); }
    std::size_t operator()(const Owe& receipt) const { return receipt.home.size() + receipt.user.size(); }
    std::size_t operator()(const Paid& receipt) const { return receipt.home.size(); }
    std::size_t operator()(const users::PresenceChanges& changes) const {
      std::size_t bytes = 0;
      for (const auto& [user, online] : changes) bytes += sizeof(std::string) + user.size();
      return bytes;
    }
    std::size_t operator()(const Redate&) const { return 0; }
    std::size_t operator()(const DateAtMost&) const { return 0; }
  };
  return sizeof step + std::visit(Counted{}, step.what);
}

/// What it costs to write. A row that is removed may change a page that nothing else changes.
std::size_t written_bytes(const Step& step) {
  constexpr std::size_t kPage = 4096;
  const auto* forget = std::get_if<Forget>(&step.what);
  return memory_of(step) + (forget ? forget->rows.size() * kPage : 0);
}

/// Without such a step, an outcome is told again at worst. A wrong date would end an unread outcome.
bool may_be_dropped(const StoreQueue::Other& what) {
  return !std::holds_alternative<Redate>(what) && !std::holds_alternative<DateAtMost>(what);
}

bool is_outcome(const Step& step) {
  return std::holds_alternative<Put>(step.what);
}

}  // namespace

users::StoreState StoreQueue::state() const noexcept {
  if (hanging_.load(std::memory_order_relaxed)) return users::StoreState::hanging;
  if (failing_.load(std::memory_order_relaxed)) return users::StoreState::failing;
  const bool full = bytes_.load(std::memory_order_relaxed) >= options_.bytes;
  return full ? users::StoreState::full : users::StoreState::ready;
}

// Is the thread to be woken? Under the lock; it is woken when that has been given back.
bool StoreQueue::wakes() {
  const bool asleep = sleeps_until_ != TimePoint::min();
  if (!asleep || due() >= sleeps_until_) return false;
  sleeps_until_ = TimePoint::min();
  return true;
}

/// When there is something to do.
TimePoint StoreQueue::due() const {
  const bool ripe = !waiting_.empty() && waiting_.front().behind <= done_;
  if (ending_ || ripe || !tasks_.empty() || !questions_.empty()) return TimePoint::min();
  if (steps_.empty()) return kNever;
  if (failing_) return retry_at_;
  return waiting_.empty() ? write_at_ : TimePoint::min();
}

// Under the lock. Is the thread to be woken?
bool StoreQueue::push(Step step, bool in_haste) {
  bytes_.store(bytes_.load(std::memory_order_relaxed) + memory_of(step), std::memory_order_relaxed);
  steps_.push_back(std::move(step));
  if (in_haste) {
    write_at_ = TimePoint::min();
  } else if (write_at_ == kNever) {
    write_at_ = Clock::now() + kGather;
  }
  return wakes();
}

// A caller that puts into a group asks for its commit soon.
Row StoreQueue::put(Put outcome) {
  const bool in_haste = outcome.group == 0;
  bool full = false, wakes_it = false;
  Row row = 0;
  {
    const std::lock_guard lock(mutex_);
    row = ++last_row_;
    wakes_it = push({.row = row, .what = std::move(outcome)}, in_haste);
    full = state() == users::StoreState::full;
  }
  if (wakes_it) changed_.notify_one();
  if (full) full_.reached();
  return row;
}

void StoreQueue::add(Other what) {
  bool dropped = false, wakes_it = false;
  {
    const std::lock_guard lock(mutex_);
    dropped = may_be_dropped(what) && bytes_.load(std::memory_order_relaxed) >= options_.bytes + options_.bytes / 4;
    if (!dropped) wakes_it = push({.row = last_row_, .what = std::move(what)}, false);
  }
  if (wakes_it) changed_.notify_one();
  if (dropped) {
    receipts_dropped_.write(
        "the disk is far behind: receipts are not written, and their outcomes will be told again after a restart");
  }
}

void StoreQueue::when_committed(users::CommitGroup group, Committed callback) {
  bool wakes_it = false;
  {
    const std::lock_guard lock(mutex_);
    if (!gone_) {
      waiting_.push_back({done_ + steps_.size(), group, std::move(callback)});
      wakes_it = wakes();
    }
  }
  if (wakes_it) changed_.notify_one();
  if (callback) callback(users::Commit::failed);  // NOLINT(bugprone-use-after-move): it was not, then
}

// Among those who wait for what is written already.
void StoreQueue::call_back(std::move_only_function<void()> callback) {
  Committed call = [callback = std::move(callback)](users::Commit) mutable { callback(); };
  bool wakes_it = false;
  {
    const std::lock_guard lock(mutex_);
    if (!gone_) {
      const auto behind_these = std::ranges::upper_bound(waiting_, done_, {}, &Waiting::behind);
      waiting_.insert(behind_these, Waiting{done_, 0, std::move(call)});
      wakes_it = wakes();
    }
  }
  if (wakes_it) changed_.notify_one();
  if (call) call(users::Commit::failed);  // NOLINT(bugprone-use-after-move): it was not, then
}

void StoreQueue::read(Reading reading, Found callback) {
  bool wakes_it = false;
  {
    const std::lock_guard lock(mutex_);
    questions_.push_back({{++last_question_, std::move(reading)}, std::move(callback)});
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
  tell(take_waiting(users::Commit::unknown));
  for (Asked& question : questions) call([&question] { question.callback({}); });
}

void StoreQueue::settle(Milliseconds patience) {
  {
    std::unique_lock lock(mutex_);
    const std::uint64_t all = done_ + steps_.size();
    write_at_ = TimePoint::min();
    if (wakes()) changed_.notify_one();
    done_something_.wait_for(lock, patience, [&] { return done_ >= all || failing_ || hanging_; });
  }
  const std::unique_lock lock(outside_, std::try_to_lock);
  if (!lock || abandoned_) return;  // a callback is running, and takes long
  for (auto& [callback, commit] : take_waiting(users::Commit::unknown)) callback(commit);
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
  users::Commit commit;
  {
    const std::lock_guard lock(mutex_);
    gone_ = true;
    failing_ = true;
    commit = has_ended_ ? users::Commit::failed : users::Commit::unknown;
    questions = std::exchange(questions_, {});
    outcomes = static_cast<std::size_t>(std::ranges::count_if(steps_, is_outcome));
  }
  tell(take_waiting(commit));
  const std::lock_guard lock(outside_);
  abandoned_ = true;
  return outcomes;
}

void StoreQueue::begin_behind(Row row) {
  const std::lock_guard lock(mutex_);
  last_row_ = row;
}

bool StoreQueue::ending() {
  const std::lock_guard lock(mutex_);
  return ending_;
}

StoreQueue::Work StoreQueue::take() {
  std::unique_lock lock(mutex_);
  for (TimePoint until = due(); until > Clock::now(); until = due()) {
    sleeps_until_ = until;
    until == kNever ? changed_.wait(lock) : static_cast<void>(changed_.wait_until(lock, until));
  }
  sleeps_until_ = TimePoint::min();
  Work work{.tasks = std::exchange(tasks_, {}), .ending = ending_};
  if (failing_ && !ending_ && Clock::now() < retry_at_) return work;
  std::size_t bytes = 0;
  auto step = steps_.begin();
  for (; step != steps_.end() && bytes < kBatch; ++step) {
    work.batch.push_back(&*step);
    bytes += written_bytes(*step);
  }
  write_at_ = step == steps_.end() ? kNever : TimePoint::min();
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
      const auto* outcome = std::get_if<Put>(&fault.step->what);
      if (outcome && outcome->group != 0) faults_[outcome->group] = fault.commit;
    }
    for (std::size_t left = batch.size(); left > 0; --left) {
      bytes_.store(bytes_.load(std::memory_order_relaxed) - memory_of(steps_.front()), std::memory_order_relaxed);
      steps_.pop_front();
      ++done_;
    }
    for (; !waiting_.empty() && waiting_.front().behind <= done_; waiting_.pop_front()) {
      const auto fault = faults_.extract(waiting_.front().group);
      told.emplace_back(std::move(waiting_.front().callback), fault ? fault.mapped() : users::Commit::durable);
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
  tell(take_waiting(users::Commit::failed));
}

// Takes out all callbacks that wait; nobody waits for the steps of their groups any more.
StoreQueue::Told StoreQueue::take_waiting(users::Commit commit) {
  Told told;
  const std::lock_guard lock(mutex_);
  std::unordered_set<users::CommitGroup> groups;
  for (Waiting& one : std::exchange(waiting_, {})) {
    told.emplace_back(std::move(one.callback), commit);
    groups.insert(one.group);
  }
  if (groups.empty()) return told;
  for (Step& step : steps_) {
    auto* outcome = std::get_if<Put>(&step.what);
    if (outcome && groups.contains(outcome->group)) outcome->group = 0;
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
  if (question && (questions_.empty() || questions_.front().question.number != question->number)) question.reset();
  if (question || questions_.empty()) return;
  question = questions_.front().question;
  // At the start of a question: what waits now may have been replaced in the file before it is reached there.
  for (auto& [row, frame] : question->reading.wanted) {
    if (FrameRef whole = unwritten(row)) frame = std::move(whole);
  }
}

FrameRef StoreQueue::unwritten(Row row) const {
  const auto step = std::ranges::lower_bound(steps_, row, {}, &Step::row);
  const auto* outcome = step != steps_.end() && step->row == row ? std::get_if<Put>(&step->what) : nullptr;
  return outcome ? outcome->outcome.frame : FrameRef{};
}

// Outcomes that were not found, or not reached, have only their keys.
void StoreQueue::answer(Question question) {
  Found callback;
  {
    const std::lock_guard lock(mutex_);
    if (questions_.empty() || questions_.front().question.number != question.number) return;  // answered by look()
    callback = std::move(questions_.front().callback);
    questions_.pop_front();
  }
  auto& [wanted, bytes_left, next] = question.reading;
  wanted.resize(next);
  std::erase_if(wanted, [](const users::StoredFrame& one) { return one.frame->packet().empty(); });
  call([&] { callback(wanted); });
}

void StoreQueue::ended() {
  const std::lock_guard lock(mutex_);
  has_ended_ = true;
  done_something_.notify_all();  // under the lock: the thread that waits may destroy this object
}

}  // namespace signalbox::store
