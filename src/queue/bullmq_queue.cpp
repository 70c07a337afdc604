#include "queue/bullmq_queue.hpp"

#include <utility>

namespace signalbox::queue {

BullmqQueue::BullmqQueue(const ReaderParts& parts, JobReaderOptions options, std::optional<StreamId> since)
    : HeldQueue(parts, std::move(options)), stream_(keys().job("events")), since_(since) {}

void BullmqQueue::begin(std::optional<StreamId> stored) {
  commands().run(stream_state_script(), {.keys = {stream_}, .arguments = {to_text(stored.value_or(StreamId{}))}},
                 on_answer([this, stored](const redis::Reply& answer) {
                   const auto stream = read_stream_state(answer);
                   if (stream) return begin_at(*stream, stored);
                   begin_again("its stream cannot be read");
                 }));
}

void BullmqQueue::begin_at(const StreamState& stream, std::optional<StreamId> stored) {
  const auto [at, gap] = begin_of(stream, stored, since_);
  cursor_ = at;
  looks_ = true;
  asked_.reset();
  go_on(cursor_, stream.last);
  if (gap) mend_trimmed(stream, stored.value_or(at).ms);
}

bool BullmqQueue::begin_reading() {
  asked_ = cursor_;
  sure_ = false;
  return looks_;
}

void BullmqQueue::on_state(StreamId cursor, const redis::Answer& answer) {
  if (!reads() || cursor != asked_) return;
  if (!answer) return begin_again(answer.error().text);
  const auto stream = read_stream_state(*answer);
  if (!stream || stream->last < cursor_) return begin_again("its stream has begun anew");
  if (has_gap(*stream, cursor_)) mend_trimmed(*stream, cursor_.ms);
  sure_ = stream->last > cursor_;
  looks_ = false;
  length_ = stream->length;
}

void BullmqQueue::mend_trimmed(const StreamState& stream, std::uint64_t since_ms) {
  trimmed_.write("a queue's stream was trimmed before it was read: what has ended meanwhile is told, progress is not",
                 {{"queue", name()}});
  cursor_ = stream.first ? before(*stream.first) : stream.last;
  mend(since_ms, cursor_);
}

// Behind a gap there would be all that the stream keeps, give or take what it keeps by chance.
void BullmqQueue::take_read(StreamId cursor, ReadEntries read, bool full) {
  if (!reads() || cursor != asked_ || read.last <= cursor_) return;
  const bool few = !full && !looks_ && read.count <= length_ / 2;
  looks_ = full || !(sure_ || few);
  if (!sure_ && !few) return;
  cursor_ = read.last;
  take(std::move(read.steps), cursor_);
}

}  // namespace signalbox::queue
