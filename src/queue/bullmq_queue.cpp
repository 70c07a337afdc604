#include "queue/bullmq_queue.hpp"

#include <utility>

#include "queue/bullmq_entry.hpp"

namespace signalbox::queue {

BullmqQueue::BullmqQueue(redis::Client& commands, Sink& sink, const JsonPaths& users, JobReaderOptions options,
                         bool is_new)
    : HeldQueue(commands, sink, users, "bullmq", std::move(options)),
      stream_(keys().job("events")),
      is_new_(is_new),
      found_ms_(static_cast<std::uint64_t>(coarse_unix_ms())) {}

void BullmqQueue::begin(std::optional<StreamId> stored) {
  commands().run(stream_state_script(), {.keys = {stream_}, .arguments = {to_text(stored.value_or(StreamId{}))}},
                 on_answer([this, stored](const redis::Reply& answer) {
                   const auto stream = read_stream_state(answer);
                   if (stream) return begin_at(*stream, stored);
                   begin_again({.kind = redis::Error::Kind::refused, .text = "its stream cannot be read"});
                 }));
}

void BullmqQueue::begin_at(const StreamState& stream, std::optional<StreamId> stored) {
  const auto [at, gap] = begin_of(stream, stored, is_new_);
  cursor_ = at;
  full_ = false;
  go_on(cursor_, stored ? stream.last : StreamId{});
  if (gap) mend_trimmed(stored ? stored->ms : found_ms_);
}

void BullmqQueue::on_state(StreamId cursor, const redis::Answer& answer) {
  if (state() != State::reading || cursor != cursor_ || !answer) return;
  const auto stream = read_stream_state(*answer);
  if (stream && has_gap(*stream, cursor_)) mend_trimmed(cursor_.ms);
}

void BullmqQueue::mend_trimmed(std::uint64_t since_ms) {
  log::warn("a queue's stream was trimmed before it was read: what has ended meanwhile is told, progress is not",
            {{"queue", name()}});
  mend(since_ms);
}

void BullmqQueue::take(StreamId cursor, redis::Reply& entries, bool full) {
  if (state() != State::reading || cursor != cursor_) return;
  ReadEntries read = take_bullmq_entries(entries);
  if (read.last <= cursor_) return;
  cursor_ = read.last;
  full_ = full;
  reader().take(std::move(read.steps), cursor_);
}

}  // namespace signalbox::queue
