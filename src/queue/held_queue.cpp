#include "queue/held_queue.hpp"

#include <algorithm>

namespace signalbox::queue {

HeldQueue::HeldQueue(redis::Client& commands, Sink& sink, const JsonPaths& users, std::string_view source,
                     JobReaderOptions options)
    : commands_(commands),
      name_(options.queue),
      source_(source),
      keys_(options.keys),
      reader_(commands, sink, users, options),
      mending_(commands, keys_, options.max_payload),
      lease_(commands, keys_.lease(), options.holder, [this](bool held) { on_lease(held); }) {}

void HeldQueue::leave() {
  reader_.leave();
  lease_.leave();
}

void HeldQueue::on_lease(bool held) {
  log::debug(held ? "this node reads a queue" : "this node does not read a queue any more",
             {{"queue", name_}, {"source", std::string(source_)}});
  end(State::not_held);
  if (held) ask_position();
}

void HeldQueue::end(State state) {
  ++number_;
  state_ = state;
  again_at_ = kNever;
  reader_.end();
  mending_.drop();
  on_end();
}

void HeldQueue::begin_again(const redis::Error& why) {
  again_.write("Redis does not give what the reader of a queue needs: it begins again",
               {{"queue", name_}, {"why", why.text}});
  end(State::waiting);
}

void HeldQueue::ask_position() {
  state_ = State::beginning;
  commands_.send({"GET", keys_.position()},
                 on_answer([this](const redis::Reply& stored) { begin(StreamId::parse(stored.text)); }));
}

void HeldQueue::go_on(StreamId position, StreamId told_before) {
  reader_.begin(position, told_before);
  state_ = State::reading;
}

void HeldQueue::mend(std::uint64_t since_ms) {
  ++gaps_;
  state_ = State::mending;
  reader_.forget_jobs();
  mending_.begin(since_ms - std::min(since_ms, std::uint64_t{kClocksDiffer}));
}

void HeldQueue::go_on_mending() {
  if (!mends_on()) return;
  mending_.next([this](std::expected<std::vector<JobStep>, redis::Error> found) {
    if (!found) return begin_again(found.error());
    if (found->empty()) {
      state_ = State::reading;
    } else {
      reader_.take(std::move(*found), read_up_to());
    }
  });
}

TimePoint HeldQueue::next_deadline() const {
  if ((state_ == State::waiting && again_at_ == kNever) || mends_on()) return TimePoint::min();
  return std::min({lease_.next_deadline(), reader_.next_deadline(), again_at_});
}

void HeldQueue::on_timer(TimePoint now) {
  lease_.on_timer(now);
  if (reader_.broken())
    begin_again({.kind = redis::Error::Kind::refused, .text = "the users of its jobs are not found"});
  if (state_ == State::waiting && again_at_ == kNever) again_at_ = now + kAgain;
  if (now >= again_at_) {
    again_at_ = kNever;
    ask_position();
  }
  reader_.on_timer(now);
  go_on_mending();
}

QueueStatus HeldQueue::status() const {
  const JobReader::Counts& counts = reader_.counts();
  return {.name = name_,
          .source = std::string(source_),
          .events = counts.events,
          .outcomes = counts.outcomes,
          .unattributed = counts.unattributed,
          .behind = reader_.waiting(),
          .gaps = gaps_,
          .reader = lease_.holder()};
}

}  // namespace signalbox::queue
