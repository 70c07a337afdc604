#include "queue/celery_source.hpp"

#include <algorithm>
#include <utility>

#include "redis/pattern.hpp"

namespace signalbox::queue {
namespace {

constexpr std::string_view kKeys = "celery-task-meta-";
constexpr std::size_t kMostTold = 50'000;        ///< outcomes that are remembered
constexpr std::size_t kMostUnanswered = 10'000;  ///< outcomes
constexpr std::size_t kWalkInFlight = 1000;
constexpr std::size_t kMostTextBytes = 32 * 1024 * 1024;  ///< of a task, arguments included
constexpr Milliseconds kStoreEach{1000}, kFirstPause{1000}, kLongestPause{30'000};

/// How an outcome is named in the sorted set of those that were told: its kind, and its task's id.
std::string member_of(const ToldOutcome& outcome) {
  return (outcome.kind == JobReport::Kind::completed ? 'c' : 'f') + outcome.id;
}

ToldOutcome told_outcome(std::string_view member, std::int64_t finished_ms) {
  const auto kind = member.starts_with('c') ? JobReport::Kind::completed : JobReport::Kind::failed;
  return {std::string(member.substr(std::min<std::size_t>(1, member.size()))), kind, finished_ms};
}

}  // namespace

CelerySource::CelerySource(redis::ClientThread& thread, Sink& sink, CeleryOptions options)
    : LeasedSource(thread, options.common,
                   {.kind = "celery",
                    .key = options.key_prefix,
                    .name = options.key_prefix + "celery",
                    .source = "celery",
                    .away = "Celery's Redis is away: its tasks are not heard",
                    .listener = {.mode = redis::ConnectionOptions::Mode::subscriber}}),
      reading_(std::move(options.reading)),
      pattern_(redis::literal_pattern(options.key_prefix) + std::string(kKeys) + "*"),
      position_key_(own_key("position")),
      told_key_(own_key("told")),
      sink_(sink),
      walk_(commands_, {.pattern = pattern_, .most_bytes = kMostTextBytes}, *this),
      recent_(kMostTold),
      pause_(kFirstPause),
      untold_("celery") {}

void CelerySource::stop(std::move_only_function<void()> then) {
  if (holds()) store_position();
  LeasedSource::stop(std::move(then));
}

TimePoint CelerySource::next_deadline() const {
  return std::min({LeasedSource::next_deadline(), store_at_, again_at_});
}

void CelerySource::on_timer() {
  LeasedSource::on_timer();
  if (loop_.now() >= again_at_) catch_up();
  if (loop_.now() >= store_at_) store_position();
}

void CelerySource::on_lease(bool held) {
  ++term_;
  walk_.stop();
  refused_.reset();
  again_at_ = store_at_ = kNever;
  pause_ = kFirstPause;
  if (!held) return listener_.unsubscribe(redis::Subscriptions::Kind::pattern, pattern_);
  store_at_ = loop_.now() + kStoreEach;
  listener_.subscribe(redis::Subscriptions::Kind::pattern, pattern_,
                      [this, term = term_](const std::expected<void, redis::Error>& heard) {
                        if (term != term_) return;
                        if (heard) return catch_up();
                        deaf_.write("Redis refuses the subscription to Celery's tasks", {{"why", heard.error().text}});
                        deaf_until_ = loop_.now() + kListenAgain;
                      });
}

redis::OnAnswer CelerySource::in_term(void (CelerySource::*member)(const redis::Answer&)) {
  return [this, member, term = term_](const redis::Answer& answer) {
    if (term == term_) (this->*member)(answer);
  };
}

// From here on what is published is heard, so that nothing falls between that and the walk.
void CelerySource::catch_up() {
  again_at_ = kNever;
  commands_.send({"ZRANGE", told_key_, "-" + std::to_string(kMostTold), "-1", "WITHSCORES"},
                 in_term(&CelerySource::on_told));
  commands_.send({"GET", position_key_}, in_term(&CelerySource::on_position));
}

void CelerySource::on_told(const redis::Answer& answer) {
  if (!answer) return;
  const auto& told = answer->elements;
  for (std::size_t i = 0; i + 1 < told.size(); i += 2) {
    const ToldOutcome outcome = told_outcome(told[i].text, job_time(told[i + 1].text).value_or(0));
    if (!recent_.has(outcome)) recent_.note(outcome);
  }
}

void CelerySource::on_position(const redis::Answer& answer) {
  if (!answer) return try_again();
  if (answer->is_nil() && position_ == 0) return commands_.send({"TIME"}, in_term(&CelerySource::on_first_start));
  moved_ = true;
  if (!answer->is_nil()) position_ = job_time(answer->text).value_or(0);  // else Redis has lost its memory
  from_ = position_ - kOverlapMs;
  if (const auto oldest = std::exchange(refused_, std::nullopt)) from_ = std::min(from_, *oldest - 1);
  ++status_.gaps;
  walk_.begin();
}

// By the clock that all nodes have: what ended before is nobody's news, and what ends from now on is, also to the node
// that reads next if this one dies in the next moment.
void CelerySource::on_first_start(const redis::Answer& time) {
  if (!time || time->elements.size() != 2) return try_again();
  position_ = 1000 * job_time(time->elements[0].text).value_or(0);
  moved_ = true;
  store_position();
}

void CelerySource::try_again() {
  if (again_at_ != kNever || !holds()) return;
  again_at_ = loop_.now() + pause_;
  pause_ = std::min(2 * pause_, kLongestPause);
}

void CelerySource::on_published(const redis::Published& published) {
  if (!holds()) return;
  ++status_.events;
  auto report = read_celery_message(published.payload, reading_);
  if (!report) return untold_.unreadable(report.error());
  if (report->kind != JobReport::Kind::progress) return tell(*std::move(report));
  recent_.forget(report->job_id);
  if (!report->user.empty()) sink_.tell(*std::move(report), [](Taken) {});
}

void CelerySource::on_text(std::string_view text) {
  auto report = read_celery_message(text, reading_);
  if (report && report->kind != JobReport::Kind::progress && report->finished_ms > from_) tell(*std::move(report));
}

void CelerySource::on_too_large(std::string_view key) {
  untold_.refused(key, "it is larger than 32 MiB");
}

bool CelerySource::has_room() const {
  return status_.behind < kWalkInFlight;
}

void CelerySource::on_end(bool whole) {
  if (whole) {
    pause_ = kFirstPause;
  } else {
    try_again();
  }
}

void CelerySource::tell(JobReport report) {
  const ToldOutcome outcome{report.job_id, report.kind, report.finished_ms};
  if (recent_.has(outcome)) return;
  recent_.note(outcome);
  if (report.user.empty()) {
    ++status_.unattributed;
    untold_.unattributed(outcome.id);
    return note_handled(outcome);
  }
  ++status_.behind;
  unanswered_.insert(outcome.finished_ms);
  if (status_.behind > kMostUnanswered) return on_taken(outcome, Taken::later);
  sink_.tell(report, [this, outcome](Taken taken) { on_taken(outcome, taken); });
}

void CelerySource::on_taken(const ToldOutcome& outcome, Taken taken) {
  --status_.behind;
  unanswered_.erase(unanswered_.find(outcome.finished_ms));
  if (taken == Taken::later) {
    recent_.forget(outcome.id);
    refused_ = std::min(refused_.value_or(outcome.finished_ms), outcome.finished_ms);
    walk_.stop();
    return try_again();
  }
  if (taken == Taken::yes) {
    ++status_.outcomes;
  } else {
    ++status_.refused;
    untold_.refused(outcome.id, why(taken));
  }
  note_handled(outcome);
  walk_.go_on();
}

void CelerySource::note_handled(const ToldOutcome& outcome) {
  // A worker whose clock is ahead does not take the position past what others have still to end.
  position_ = std::max(position_, std::min(outcome.finished_ms, coarse_unix_ms()));
  moved_ = true;
  commands_.send({"ZADD", told_key_, std::to_string(outcome.finished_ms), member_of(outcome)},
                 [](const redis::Answer&) {});
}

// While something is still to be told, the position stays before it.
void CelerySource::store_position() {
  store_at_ = loop_.now() + kStoreEach;
  if (!moved_ || refused_ || walk_.walks() || again_at_ != kNever) return;
  moved_ = false;
  const auto oldest = unanswered_.upper_bound(0);  // those without a time are found by no walk
  const std::int64_t position = oldest == unanswered_.end() ? position_ : std::min(position_, *oldest - 1);
  const auto ignored = [](const redis::Answer&) {};
  commands_.send({"SET", position_key_, std::to_string(position)}, ignored);
  commands_.send({"ZREMRANGEBYSCORE", told_key_, "-inf", "(" + std::to_string(position - kOverlapMs)}, ignored);
  commands_.send({"ZREMRANGEBYRANK", told_key_, "0", "-" + std::to_string(kMostTold + 1)}, ignored);
}

}  // namespace signalbox::queue
