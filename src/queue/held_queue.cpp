#include "queue/held_queue.hpp"

#include <algorithm>

namespace signalbox::queue {

HeldQueue::HeldQueue(const ReaderParts& parts, JobReaderOptions options)
    : parts_(parts),
      name_(options.queue),
      keys_(options.keys),
      reader_(parts.commands, *this, parts.users, options),
      mending_(parts.commands, keys_, options.max_payload),
      lease_(parts.commands, keys_.lease(), options.holder, [this](bool held) { on_lease(held); }) {}

void HeldQueue::leave() {
  reader_.leave();
  lease_.leave();
}

void HeldQueue::on_lease(bool held) {
  log::debug(held ? "this node reads a queue" : "this node does not read a queue any more",
             {{"queue", name_}, {"source", std::string(parts_.source)}});
  end(State::not_held);
  if (held) ask_position();
}

// A process that was stopped hears first what came meanwhile, and its time may have ended: then another node tells it.
void HeldQueue::tell(const JobReport& report, Then then) {
  if (lease_.held(parts_.loop.now())) parts_.sink.tell(report, std::move(then));
}

void HeldQueue::end(State state) {
  ++number_;
  state_ = state;
  again_at_ = got_on_at_ = kNever;
  mends_ = false;
  missed_since_.reset();
  reader_.end();
  mending_.drop();
  on_end();
}

void HeldQueue::begin_again(std::string_view why) {
  again_.write("Redis does not give what the reader of a queue needs: it begins again",
               {{"queue", name_}, {"why", std::string(why)}});
  end(State::waiting);
}

void HeldQueue::ask_position() {
  state_ = State::beginning;
  parts_.commands.send({"GET", keys_.position()},
                       on_answer([this](const redis::Reply& stored) { begin(StreamId::parse(stored.text)); }));
}

void HeldQueue::go_on(StreamId position, StreamId told_before) {
  reader_.begin(position, told_before);
  read_up_to_ = position;
  state_ = State::reading;
}

void HeldQueue::take(std::vector<JobStep> steps, StreamId last) {
  read_up_to_ = last;
  reader_.take(std::move(steps), mends_ ? JobReader::kStays : last);
}

void HeldQueue::mend(std::uint64_t since_ms, StreamId from) {
  ++gaps_;
  read_up_to_ = from;
  reader_.forget_jobs();
  missed_since_ = std::min(since_ms, missed_since_.value_or(since_ms));
  if (!mends_) begin_mending();
}

void HeldQueue::begin_mending() {
  const std::uint64_t since = *std::exchange(missed_since_, std::nullopt);
  mends_ = true;
  mending_.begin(since - std::min(since, std::uint64_t{kClocksDiffer}));
}

void HeldQueue::go_on_mending() {
  if (!mends_on()) return;
  mending_.next([this](std::expected<std::vector<JobStep>, redis::Error> found) {
    if (!found) return begin_again(found.error().text);
    if (!found->empty()) return reader_.take(std::move(*found), JobReader::kStays);
    if (missed_since_) return begin_mending();
    mends_ = false;
    take({}, read_up_to_);
  });
}

TimePoint HeldQueue::next_deadline() const {
  if ((state_ == State::waiting && again_at_ == kNever) || mends_on()) return TimePoint::min();
  return std::min({lease_.next_deadline(), reader_.next_deadline(), again_at_});
}

void HeldQueue::on_timer(TimePoint now) {
  lease_.on_timer(now);
  if (!gets_on(now)) {
    rests_.write("no outcome of a queue can be taken: this node leaves it to others for a moment", {{"queue", name_}});
    leave();
    lease_.begin(now + kRest);
  }
  if (reader_.broken()) begin_again("the users of its jobs are not found");
  if (state_ == State::waiting && again_at_ == kNever) again_at_ = now + kAgain;
  if (now >= again_at_) {
    again_at_ = kNever;
    ask_position();
  }
  reader_.on_timer(now);
  go_on_mending();
}

/// Was something read or answered in time, as long as something waits?
bool HeldQueue::gets_on(TimePoint now) {
  const JobReader::Counts& counts = reader_.counts();
  const std::uint64_t done = counts.events + counts.outcomes + counts.refused;
  if (std::exchange(got_on_, done) != done || got_on_at_ == kNever) got_on_at_ = now;
  if (reader_.waiting() == 0) got_on_at_ = kNever;
  return got_on_at_ == kNever || now < got_on_at_ + parts_.patience;
}

QueueStatus HeldQueue::status() const {
  const JobReader::Counts& counts = reader_.counts();
  return {.name = name_,
          .source = std::string(parts_.source),
          .events = counts.events,
          .outcomes = counts.outcomes,
          .unattributed = counts.unattributed,
          .refused = counts.refused,
          .behind = reader_.waiting(),
          .gaps = gaps_,
          .reader = lease_.holder()};
}

}  // namespace signalbox::queue
