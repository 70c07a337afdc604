#include "queue/bullmq_source.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace signalbox::queue {
namespace {

constexpr QueueKind kBullmq = {.name = "BullMQ",
                               .source = "bullmq",
                               .setting = "BULLMQ_QUEUES",
                               .key_end = ":meta",
                               .key_type = "hash",
                               .listener = redis::ConnectionOptions::Mode::commands};

// XREAD, and values that are larger than may be are left out. KEYS: the streams. ARGV: the most entries of each, the
// most bytes of a value, and for each stream from where it is read.
const redis::Script& careful_script() {
  static const redis::Script script(R"(
local command = {'XREAD', 'COUNT', ARGV[1], 'STREAMS'}
for _, key in ipairs(KEYS) do command[#command + 1] = key end
for i = 3, #ARGV do command[#command + 1] = ARGV[i] end
local streams = redis.call(unpack(command)) or {}
for _, stream in ipairs(streams) do
  for _, entry in ipairs(stream[2]) do
    for i = 2, #entry[2], 2 do
      if #entry[2][i] > tonumber(ARGV[2]) then entry[2][i] = false end
    end
  end
end
return streams
)");
  return script;
}

}  // namespace

BullmqSource::BullmqSource(redis::ClientThread& thread, Sink& sink, SourceOptions options)
    : QueueSource(thread, sink, std::move(options), kBullmq) {}

std::unique_ptr<BullmqQueue> BullmqSource::make(const ReaderParts& parts, JobReaderOptions options) {
  return std::make_unique<BullmqQueue>(parts, std::move(options), since());
}

void BullmqSource::on_look() {
  for (const auto& [name, queue] : queues()) queue->look_again();
}

TimePoint BullmqSource::next_deadline() const {
  return std::min(QueueSource::next_deadline(), unanswered_ == 0 ? read_at_ : kNever);
}

void BullmqSource::on_timer() {
  QueueSource::on_timer();
  if (now() >= read_at_) read_at_ = kNever;
  if (!stopped() && unanswered_ == 0 && read_at_ == kNever) read();
}

// A queue that has no room yet is not waited for, and does not wait for long until the others have entries.
void BullmqSource::read() {
  Readings readings;
  bool soon = false;
  for (const auto& [name, queue] : queues()) {
    if (queue->is_read()) readings.push_back({.queue = queue.get(), .cursor = queue->cursor()});
    soon |= queue->is_read_soon();
  }
  if (readings.empty() || is_full()) return;
  if (!alone_) return read(std::move(readings), soon ? kPause : kBlock);
  for (const Reading& reading : readings) read({reading}, std::nullopt);
}

void BullmqSource::read(Readings readings, std::optional<Milliseconds> block) {
  ++unanswered_;
  const std::size_t most = count_.of_each(readings.size());
  redis::ScriptCall call{.keys = {}, .arguments = {std::to_string(most), std::to_string(options().max_payload)}};
  for (const auto& [queue, cursor] : readings) {
    call.keys.push_back(queue->stream());
    call.arguments.push_back(to_text(cursor));
    if (!queue->begin_reading()) continue;
    listener().run(stream_state_script(), {.keys = {call.keys.back()}, .arguments = {call.arguments.back()}},
                   [queue, cursor](const redis::Answer& answer) { queue->on_state(cursor, answer); });
  }
  auto on_answer = [this, readings = std::move(readings), most](redis::Answer answer) {
    on_read(readings, most, std::move(answer));
  };
  if (count_.one_is_too_much()) return listener().run(careful_script(), std::move(call), std::move(on_answer));
  const std::string block_ms = std::to_string(block.value_or(Milliseconds(0)).count());
  redis::Command command{"XREAD", "COUNT", call.arguments[0]};
  if (block) command.insert(command.end(), {"BLOCK", block_ms});
  command.push_back("STREAMS");
  command.insert(command.end(), call.keys.begin(), call.keys.end());
  command.insert(command.end(), call.arguments.begin() + 2, call.arguments.end());
  listener().send(command, std::move(on_answer), kBlock + redis::Client::kPatience);
}

void BullmqSource::on_read(const Readings& readings, std::size_t most, redis::Answer answer) {
  const bool alone = alone_;
  --unanswered_;
  answer ? take(readings, most, *answer) : on_unread(readings, answer.error());
  if (unanswered_ > 0) return;
  if (alone) {
    alone_ = !std::exchange(refused_, false);  // the one that was is not read for a moment
    if (alone_) pause(kAloneEach);
  } else if (readings.size() > kManyQueues) {
    pause(kPause);
  }
}

void BullmqSource::pause(Milliseconds time) {
  const TimePoint until = now() + time;
  read_at_ = read_at_ == kNever ? until : std::max(read_at_, until);
}

// Redis answers in the order in which it was asked.
void BullmqSource::take(const Readings& readings, std::size_t most, redis::Reply& answer) {
  std::size_t entries = 0, bytes = 0;
  bool all = true;
  auto reading = readings.begin();
  for (redis::Reply& stream : answer.elements) {
    if (stream.elements.size() != 2) continue;
    reading = std::find_if(reading, readings.end(), [&key = stream.elements[0].text](const Reading& each) {
      return each.queue->stream() == key;
    });
    if (reading == readings.end()) break;
    ReadEntries read = take_bullmq_entries(stream.elements[1]);
    entries += read.count;
    bytes += read.bytes;
    const bool full = read.count >= most;
    all &= !full;
    reading->queue->take_read(reading->cursor, std::move(read), full);
  }
  count_.on_answer(entries, bytes);
  if (!all) return;
  const Milliseconds wait = pace_.on_read(entries, now());
  if (wait > Milliseconds{0}) pause(wait);
}

// Of several queues that are refused together, each is read alone: the one that is to blame is found.
void BullmqSource::on_unread(const Readings& readings, const redis::Error& why) {
  switch (why.kind) {
    case redis::Error::Kind::lost:
      count_.on_lost();
      break;
    case redis::Error::Kind::refused:
      if (readings.size() > 1) {
        alone_ = true;
      } else {
        refused_ = alone_;
        readings[0].queue->on_refused(why);
      }
      break;
    default:
      pause(kAgain);
  }
}

}  // namespace signalbox::queue
