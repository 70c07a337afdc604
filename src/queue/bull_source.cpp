#include "queue/bull_source.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace signalbox::queue {
namespace {

constexpr QueueKind kBull = {.name = "Bull",
                             .source = "bull",
                             .setting = "BULL_QUEUES",
                             .key_end = ":id",
                             .key_type = "string",
                             .listener = redis::ConnectionOptions::Mode::subscriber,
                             .check_ends = true};

}  // namespace

BullSource::BullSource(redis::ClientThread& thread, Sink& sink, SourceOptions options)
    : QueueSource(thread, sink, std::move(options), kBull) {}

std::unique_ptr<BullQueue> BullSource::make(const ReaderParts& parts, JobReaderOptions options) {
  return std::make_unique<BullQueue>(parts, std::move(options), since());
}

void BullSource::on_timer() {
  QueueSource::on_timer();
  for (const auto& [name, queue] : queues()) queue->end_turn();
  full_ = is_full();
}

// A name and the prefix may hold colons, but no event does: the name stands between the prefix and the last one.
void BullSource::on_published(const redis::Published& published) {
  const std::string_view channel = published.channel;
  const std::size_t begin = options().prefix.size() + 1;
  const std::size_t end = channel.rfind(':');
  if (end == std::string_view::npos || end < begin) return;
  const auto queue = queues().find(channel.substr(begin, end - begin));
  if (queue != queues().end()) queue->second->on_published(published, full_);
}

// BullMQ's queues have that key too, and beside it one that says so.
void BullSource::check(const std::string& name) {
  if (queues().contains(name)) return;
  commands().send(
      {"HGET", options().prefix + ":" + name + ":meta", "version"}, [this, name](const redis::Answer& version) {
        if (!version && version.error().kind != redis::Error::Kind::refused) return;
        if (!version || version->is_nil()) return add(name);
        if (std::ranges::find(options().queues, name) != options().queues.end())
          other_kind_.write("a queue of BULL_QUEUES is one of BullMQ: name it in BULLMQ_QUEUES", {{"queue", name}});
      });
}

}  // namespace signalbox::queue
