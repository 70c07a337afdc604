#include "queue/bull_source.hpp"

#include <algorithm>
#include <utility>

#include "queue/client_options.hpp"

namespace signalbox::queue {

BullSource::BullSource(redis::ClientThread& thread, Sink& sink, SourceOptions options)
    : thread_(thread),
      sink_(sink),
      options_(std::move(options)),
      part_(thread.add(*this)),
      commands_(thread.add(client_options(options_.url, "bull"), command_side_)),
      subscriber_(thread.add(client_options(options_.url, "bull", redis::ConnectionOptions::Mode::subscriber),
                             subscriber_side_)),
      scan_(commands_, options_.prefix + ":", ":id", "string") {}

void BullSource::stop(std::move_only_function<void()> then) {
  stopped_ = true;
  for (const auto& [name, queue] : queues_) queue->leave();
  when_told(commands_, std::move(then));
}

void BullSource::append_status(std::vector<QueueStatus>& out) const {
  for (const auto& [name, queue] : queues_) out.push_back(queue->status());
}

void BullSource::say_down(std::string_view connection, const redis::Error& why) const {
  log::warn("there is no connection to the Redis of Bull: its queues are not read",
            {{"connection", std::string(connection)}, {"redis", to_text(options_.url)}, {"why", why.text}});
}

void BullSource::Commands::on_up() {
  log::info("queues of Bull are looked for", {{"redis", to_text(source_.options_.url)}});
  source_.look_at_ = source_.now();
  for (const auto& [name, queue] : source_.queues_) queue->on_connected(source_.now());
}

void BullSource::Commands::on_down(const redis::Error& why) {
  source_.say_down("commands", why);
  source_.look_at_ = kNever;
  for (const auto& [name, queue] : source_.queues_) queue->on_lost();
}

void BullSource::Subscriber::on_up() {
  for (const auto& [name, queue] : source_.queues_) queue->on_subscriber_up();
}

void BullSource::Subscriber::on_down(const redis::Error& why) {
  source_.say_down("subscriber", why);
  for (const auto& [name, queue] : source_.queues_) queue->on_subscriber_down();
}

// A name holds no colon, but the prefix may: what stands between it and the next colon.
void BullSource::Subscriber::on_published(const redis::Published& published) {
  const std::string_view channel = published.channel;
  const std::size_t begin = source_.options_.prefix.size() + 1;
  const std::size_t end = channel.find(':', std::min(begin, channel.size()));
  if (end == std::string_view::npos) return;
  const auto queue = source_.queues_.find(channel.substr(begin, end - begin));
  if (queue != source_.queues_.end()) queue->second->on_published(published);
}

TimePoint BullSource::next_deadline() const {
  TimePoint next = look_at_;
  for (const auto& [name, queue] : queues_) next = std::min(next, queue->next_deadline());
  return next;
}

void BullSource::on_timer() {
  if (stopped_) return;
  if (now() >= look_at_) look();
  for (const auto& [name, queue] : queues_) {
    queue->on_timer(now());
    queue->end_turn();
  }
}

void BullSource::look() {
  look_at_ = now() + options_.look_each;
  if (std::ranges::find(options_.queues, "*") == options_.queues.end()) {
    for (const std::string& name : options_.queues) check(name);
    return;
  }
  if (scan_.busy()) return;
  scan_.begin([this](const std::vector<std::string>& names, bool) {
    for (const std::string& name : names) check(name);
  });
}

// BullMQ's queues have that key too, and beside it one that says so.
void BullSource::check(const std::string& name) {
  if (queues_.contains(name)) return;
  commands_.send(
      {"HGET", options_.prefix + ":" + name + ":meta", "version"}, [this, name](const redis::Answer& version) {
        if (!version && version.error().kind != redis::Error::Kind::refused) return;
        if (!version || version->is_nil()) return add(name);
        if (std::ranges::find(options_.queues, name) != options_.queues.end())
          left_out_.write("a queue of BULL_QUEUES is one of BullMQ: name it in BULLMQ_QUEUES", {{"queue", name}});
      });
}

void BullSource::add(const std::string& name) {
  if (queues_.contains(name)) return;
  if (queues_.size() >= kMostQueues)
    return left_out_.write("there are more queues of Bull than are read: name those that count in BULL_QUEUES",
                           {{"left out", name}});
  log::info("a queue of Bull is read, here or on another node", {{"queue", name}});
  JobReaderOptions options{.queue = name,
                           .holder = options_.node,
                           .keys = QueueKeys::of(options_.our_prefix, "bull", options_.prefix + ":" + name),
                           .json_depth = options_.json_depth,
                           .max_payload = options_.max_payload,
                           .check_ends = true};
  auto queue = std::make_unique<BullQueue>(commands_, subscriber_, sink_, options_.users, std::move(options));
  queue->on_connected(now());
  queues_.emplace(name, std::move(queue));
}

}  // namespace signalbox::queue
