#include "queue/bull_queue.hpp"

#include <algorithm>
#include <utility>

#include "queue/bull_message.hpp"
#include "redis/pattern.hpp"

namespace signalbox::queue {
namespace {

using SubscriptionKind = redis::Subscriptions::Kind;

std::vector<std::string> behind(const std::string& begin, std::initializer_list<std::string_view> ends) {
  std::vector<std::string> out;
  for (const std::string_view end : ends) out.push_back(begin + std::string(end));
  return out;
}

}  // namespace

BullQueue::BullQueue(const ReaderParts& parts, JobReaderOptions options, std::optional<StreamId> since)
    : HeldQueue(parts, std::move(options)),
      since_(since),
      channels_(behind(keys().theirs, {"progress", "completed", "failed"})),
      patterns_(behind(redis::literal_pattern(keys().theirs), {"active@*", "waiting@*"})) {}

void BullQueue::begin(std::optional<StreamId> stored) {
  const std::optional<StreamId> from = stored ? stored : since_;
  go_on(from.value_or(next_moment()), from ? next_moment() : StreamId{});
  since_ms_ = from ? from->ms : 0;
  listen();
}

void BullQueue::on_end() {
  stop_listening();
  unconfirmed_ = 0;
  heard_.clear();
  heard_bytes_ = 0;
  heard_too_much_ = false;
}

void BullQueue::listen() {
  listening_ = ++times_;
  unconfirmed_ = channels_.size() + patterns_.size();
  const auto on_confirmed = [this, time = listening_](const std::expected<void, redis::Error>& heard) {
    if (time != listening_) return;
    if (!heard) return begin_again(heard.error().text);
    if (--unconfirmed_ == 0) this->on_confirmed();
  };
  for (const std::string& channel : channels_) listener().subscribe(SubscriptionKind::channel, channel, on_confirmed);
  for (const std::string& pattern : patterns_) listener().subscribe(SubscriptionKind::pattern, pattern, on_confirmed);
}

void BullQueue::stop_listening() {
  if (std::exchange(listening_, 0) == 0) return;
  for (const std::string& channel : channels_) listener().unsubscribe(SubscriptionKind::channel, channel);
  for (const std::string& pattern : patterns_) listener().unsubscribe(SubscriptionKind::pattern, pattern);
}

// What was published before is not heard any more.
void BullQueue::on_confirmed() {
  if (since_ms_ != 0) mend(since_ms_, next_moment());
}

void BullQueue::on_published(const redis::Published& published, bool full) {
  if (listening_ == 0 || !published.channel.starts_with(keys().theirs)) return;
  const std::string_view event = published.channel.substr(keys().theirs.size());
  std::optional<JobStep> step;
  if (published.pattern.empty()) {
    step = read_bull_message(event, published.payload);
  } else if (!published.payload.empty()) {
    step = JobStep{.kind = event.starts_with("active") ? JobStep::Kind::begun : JobStep::Kind::waits,
                   .job = std::string(published.payload)};
  }
  if (step) hear(std::move(*step), full);
}

void BullQueue::hear(JobStep step, bool full) {
  heard_too_much_ |= full || heard_.size() >= kMostHeard;
  if (heard_too_much_) return;
  step.at = next_moment();
  heard_bytes_ += step.bytes();
  heard_.push_back(std::move(step));
}

void BullQueue::end_turn() {
  if (unconfirmed_ > 0) return;  // what was missed is looked for first
  while (reads() && reader().has_room() && !heard_.empty()) take_heard();
  if (!reads() || !heard_.empty() || !std::exchange(heard_too_much_, false)) return;
  log::warn("more was heard of a queue than can be told: what has ended is found, progress is not",
            {{"queue", name()}});
  mend(moment_.ms, next_moment());
}

void BullQueue::take_heard() {
  std::vector<JobStep> steps;
  while (!heard_.empty() && steps.size() < kAtOnce) {
    heard_bytes_ -= heard_.front().bytes();
    steps.push_back(std::move(heard_.front()));
    heard_.pop_front();
  }
  const StreamId last = steps.back().at;
  take(std::move(steps), last);
}

StreamId BullQueue::next_moment() {
  const StreamId now{.ms = static_cast<std::uint64_t>(coarse_unix_ms())};
  moment_ = now > moment_ ? now : StreamId{moment_.ms, moment_.number + 1};
  return moment_;
}

}  // namespace signalbox::queue
