#include "queue/bullmq_source.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "queue/client_options.hpp"

namespace signalbox::queue {
namespace {

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
    : thread_(thread),
      sink_(sink),
      options_(std::move(options)),
      part_(thread.add(*this)),
      commands_(thread.add(client_options(options_.url, "bullmq"), command_side_)),
      streams_(thread.add(client_options(options_.url, "bullmq"), stream_side_)),
      scan_(commands_, options_.prefix + ":", ":meta", "hash") {}

void BullmqSource::stop(std::move_only_function<void()> then) {
  stopped_ = true;
  for (const auto& [stream, queue] : queues_) queue->leave();
  when_told(commands_, std::move(then));
}

void BullmqSource::append_status(std::vector<QueueStatus>& out) const {
  for (const auto& [stream, queue] : queues_) out.push_back(queue->status());
}

void BullmqSource::Side::on_down(const redis::Error& why) {
  log::warn("there is no connection to the Redis of BullMQ: its queues are not read",
            {{"connection", std::string(what_)}, {"redis", to_text(source_.options_.url)}, {"why", why.text}});
  source_.on_down(*this);
}

void BullmqSource::on_up(const Side& side) {
  if (&side == &stream_side_) return;
  log::info("queues of BullMQ are looked for", {{"redis", to_text(options_.url)}});
  look_at_ = now();
  for (const auto& [stream, queue] : queues_) queue->on_connected(now());
}

void BullmqSource::on_down(const Side& side) {
  if (&side == &stream_side_) return;
  look_at_ = kNever;
  for (const auto& [stream, queue] : queues_) queue->on_lost();
}

TimePoint BullmqSource::next_deadline() const {
  TimePoint next = std::min(look_at_, retry_at_);
  for (const auto& [stream, queue] : queues_) next = std::min(next, queue->next_deadline());
  return next;
}

void BullmqSource::on_timer() {
  if (stopped_) return;
  if (now() >= look_at_) look();
  for (const auto& [stream, queue] : queues_) queue->on_timer(now());
  if (now() >= retry_at_) retry_at_ = kNever;
  if (!reading_ && retry_at_ == kNever && streams_.is_up()) read();
}

void BullmqSource::look() {
  look_at_ = now() + options_.look_each;
  if (std::ranges::find(options_.queues, "*") == options_.queues.end()) {
    for (const std::string& name : options_.queues) add(name, false);
    return;
  }
  if (scan_.busy()) return;
  scan_.begin([this](const std::vector<std::string>& names, bool last) {
    for (const std::string& name : names) add(name, found_all_);
    found_all_ |= last;
  });
}

void BullmqSource::add(const std::string& name, bool is_new) {
  JobReaderOptions options{.queue = name,
                           .holder = options_.node,
                           .keys = QueueKeys::of(options_.our_prefix, "bullmq", options_.prefix + ":" + name),
                           .json_depth = options_.json_depth,
                           .max_payload = options_.max_payload};
  std::string stream = options.keys.job("events");
  if (queues_.contains(stream)) return;
  if (queues_.size() >= kMostQueues)
    return unread_.write("there are more queues of BullMQ than are read: name those that count in BULLMQ_QUEUES",
                         {{"left out", name}});
  log::info("a queue of BullMQ is read, here or on another node", {{"queue", name}});
  auto queue = std::make_unique<BullmqQueue>(commands_, sink_, options_.users, std::move(options), is_new);
  queue->on_connected(now());
  queues_.emplace(std::move(stream), std::move(queue));
}

/// None: there is nothing to read, or one of them is about to be read.
std::vector<BullmqSource::Reading> BullmqSource::to_read() const {
  std::vector<Reading> out;
  for (const auto& [stream, queue] : queues_) {
    if (queue->is_read_soon()) return {};
    if (queue->is_read()) out.push_back({.queue = queue.get(), .cursor = queue->cursor()});
  }
  return out;
}

void BullmqSource::read() {
  std::vector<Reading> readings = to_read();
  if (readings.empty()) return;
  reading_ = true;
  std::vector<std::string> cursors;
  for (const auto& [queue, cursor] : readings) {
    cursors.push_back(to_text(cursor));
    if (!queue->may_have_gap(now())) continue;
    streams_.run(stream_state_script(), {.keys = {queue->stream()}, .arguments = {cursors.back()}},
                 [queue, cursor](const redis::Answer& answer) { queue->on_state(cursor, answer); });
  }
  const std::size_t most = std::clamp<std::size_t>(kEntriesOfAll / readings.size(), 1, entries_);
  redis::ScriptCall call{.keys = {}, .arguments = {std::to_string(most), std::to_string(options_.max_payload)}};
  for (const Reading& reading : readings) call.keys.push_back(reading.queue->stream());
  std::ranges::move(cursors, std::back_inserter(call.arguments));
  auto on_answer = [this, readings = std::move(readings), most](redis::Answer answer) {
    on_read(readings, most, std::move(answer));
  };
  if (careful_) return streams_.run(careful_script(), std::move(call), std::move(on_answer));
  const std::string block = std::to_string(kBlock.count());
  redis::Command command{"XREAD", "COUNT", call.arguments[0], "BLOCK", block, "STREAMS"};
  command.insert(command.end(), call.keys.begin(), call.keys.end());
  command.insert(command.end(), call.arguments.begin() + 2, call.arguments.end());
  streams_.send(command, std::move(on_answer), kBlock + redis::Client::kPatience);
}

void BullmqSource::on_read(const std::vector<Reading>& readings, std::size_t most, redis::Answer answer) {
  reading_ = false;
  if (!answer) return on_unread(answer.error());
  entries_ = std::min(2 * entries_, kEntries);
  careful_ = false;
  for (const Reading& reading : readings) reading.queue->on_read(now());
  for (redis::Reply& stream : answer->elements) {
    if (stream.elements.size() != 2) continue;
    redis::Reply& entries = stream.elements[1];
    const auto read =
        std::ranges::find(readings, stream.elements[0].text,
                          [](const Reading& reading) -> const std::string& { return reading.queue->stream(); });
    if (read != readings.end()) read->queue->take(read->cursor, entries, entries.elements.size() >= most);
  }
}

// An answer that was more than a connection takes has ended that: fewer entries are less, and a single one is read
// without its value.
void BullmqSource::on_unread(const redis::Error& why) {
  retry_at_ = now() + kAgain;
  if (why.kind == redis::Error::Kind::lost) {
    careful_ = entries_ == 1;
    entries_ = std::max<std::size_t>(entries_ / 8, 1);
  }
  if (why.kind == redis::Error::Kind::refused)
    unread_.write("Redis does not let the streams of BullMQ be read", {{"why", why.text}});
}

}  // namespace signalbox::queue
