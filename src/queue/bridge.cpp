#include "queue/bridge.hpp"

#include <utility>

namespace signalbox::queue {
namespace {

using users::QueueWord;

QueueWord::Kind kind_of(JobReport::Kind kind) {
  switch (kind) {
    case JobReport::Kind::completed:
      return QueueWord::Kind::completed;
    case JobReport::Kind::failed:
      return QueueWord::Kind::failed;
    case JobReport::Kind::progress:
      break;
  }
  return QueueWord::Kind::progress;
}

Taken taken_of(EmitError error) {
  switch (error) {
    case EmitError::too_many_unread:
      return Taken::by_user;
    case EmitError::overloaded:
    case EmitError::stopped:
    case EmitError::store_full:
    case EmitError::not_durable:
    case EmitError::unread_full:
      return Taken::later;
    default:
      return Taken::invalid;
  }
}

// One that is given again while the disk cannot be written is known, and waits for the disk as before.
Taken taken_of(users::Commit commit) {
  switch (commit) {
    case users::Commit::durable:
    case users::Commit::nowhere:
      return Taken::yes;
    case users::Commit::failed:
    case users::Commit::unknown:
      return Taken::later;
    case users::Commit::no_room:
      return Taken::by_user;
    case users::Commit::refused:
    case users::Commit::too_large:
      break;
  }
  return Taken::invalid;
}

}  // namespace

void Bridge::tell(const JobReport& report, Then then) {
  auto event = users::queue_frame({.id = report.job_id, .queue = report.queue, .of_queue = true},
                                  {.kind = kind_of(report.kind), .finished_ms = report.finished_ms}, report.members,
                                  options_.limits);
  if (!event || !users::valid_user_id(report.user)) return then(Taken::invalid);
  const bool ends = event->kept_outcome();
  if (ends) {
    held_.drop(report.user, *event);
    if (group_ == 0) group_ = emitter_.new_group();
  } else if (hold(report.user, *event)) {
    return then(Taken::yes);
  }
  const auto told = emitter_.emit(report.user, *event, users::Origin::queue, ends ? group_ : 0);
  if (!told && !ends && told.error() == EmitError::overloaded && hold_again(report.user, *event))
    return then(Taken::yes);
  if (!told || !ends) return then(told ? Taken::yes : taken_of(told.error()));
  if (waiting_.empty()) write_at_ = around_.now() + kGather;
  waiting_.push_back({.user = report.user, .outcome = std::move(event->frame), .then = std::move(then)});
}

void Bridge::emit(WorkerEvent event, Then then) {
  auto frame = users::event_frame_of_arguments(event.event, JsonView(event.arguments), options_.limits, event.place);
  if (!frame || !users::valid_user_id(event.user)) return then(Taken::invalid);
  const bool ends = frame->kept_outcome();
  const users::CommitGroup group = ends ? emitter_.new_group() : 0;
  const auto told = emitter_.emit(event.user, std::move(*frame), users::Origin::worker, group);
  if (!told || !ends) return then(told ? Taken::yes : taken_of(told.error()));
  when_durable(group, [then = std::move(then)](users::Commit commit) mutable { then(taken_of(commit)); });
}

/// Is it the first of its job, or newer than one that is held?
bool Bridge::hold(const std::string& user, users::EncodedEvent& event) {
  if (held_.replace(user, event)) return true;
  const bool first = options_.hold != Milliseconds{0} && !emitter_.runs(user, event.job_id());
  return first && hold_again(user, event);
}

/// None of its job is held.
bool Bridge::hold_again(const std::string& user, users::EncodedEvent& event) {
  if (held_.full()) return false;
  held_.hold({.user = user, .event = std::move(event)}, around_.now() + pause_);
  return true;
}

// Where this process has slept, another may have told what came after it.
void Bridge::on_timer() {
  const TimePoint now = around_.now();
  while (auto held = held_.take_due(now)) {
    if (now >= held->until + kTooLate) continue;
    const auto told = emitter_.emit(held->user, held->event, users::Origin::queue);
    if (!told && told.error() == EmitError::overloaded) held_.hold(std::move(*held), now + pause_);
  }
}

// That one of several was refused says nothing of the others.
void Bridge::flush() {
  if (around_.now() < write_at_) return;
  write_at_ = kNever;
  when_durable(std::exchange(group_, 0),
               [&emitter = emitter_, waiting = std::exchange(waiting_, {})](users::Commit commit) mutable {
                 const Taken taken = taken_of(commit);
                 const bool of_one = taken == Taken::by_user || taken == Taken::invalid;
                 for (auto& [user, outcome, then] : waiting)
                   then(of_one && emitter.knows(user, *outcome) ? Taken::yes : taken);
               });
}

/// On the queues' thread.
void Bridge::when_durable(users::CommitGroup group, std::move_only_function<void(users::Commit)> then) const {
  emitter_.when_durable(group, [post = around_.post, then = std::move(then)](users::Commit commit) mutable {
    // Refused only by a thread that has ended, with all who wait on it.
    static_cast<void>(post([then = std::move(then), commit]() mutable { then(commit); }));
  });
}

}  // namespace signalbox::queue
