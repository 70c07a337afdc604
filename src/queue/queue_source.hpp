#pragma once
#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "queue/client_options.hpp"
#include "queue/held_queue.hpp"
#include "queue/queue_scan.hpp"
#include "queue/queue_since.hpp"
#include "queue/source.hpp"
#include "queue/source_options.hpp"
#include "redis/client_thread.hpp"

namespace signalbox::queue {

/// A kind of queues. Literals.
struct QueueKind {
  std::string_view name;     ///< for people: "BullMQ"
  std::string_view source;   ///< in our keys, and as QueueStatus has it: "bullmq"
  std::string_view setting;  ///< that names its queues: "BULLMQ_QUEUES"
  std::string_view key_end;  ///< of a key that each queue has, behind its name: ":meta"
  std::string_view key_type;
  redis::ConnectionOptions::Mode listener;
  bool check_ends = false;  ///< as JobReaderOptions
};

/// Reads the queues of one kind, those that are named or all that are found, over two connections: one for commands,
/// and the listener's, which hears what is new. It reads while both are up: else another node may.
///
/// thread  the queues'.
template <class Queue>
class QueueSource : public Source, protected redis::Client::Observer {
 public:
  static constexpr std::size_t kMostQueues = 500;

  QueueSource(const QueueSource&) = delete;
  QueueSource& operator=(const QueueSource&) = delete;

  void stop(std::move_only_function<void()> then) override;
  void append_status(std::vector<QueueStatus>& out) const override;
  TimePoint next_deadline() const override;
  void on_timer() override;

 protected:
  using Queues = std::map<std::string, std::unique_ptr<Queue>, std::less<>>;  ///< by their names

  /// `sink` outlives the thread.
  QueueSource(redis::ClientThread& thread, Sink& sink, SourceOptions options, const QueueKind& kind);

  /// A queue that is named, or was found.
  virtual void check(const std::string& name) { add(name); }
  /// Queues are looked for: now and then, whatever there is.
  virtual void on_look() {}
  virtual std::unique_ptr<Queue> make(const ReaderParts& parts, JobReaderOptions options) = 0;
  void add(const std::string& name);

  const SourceOptions& options() const { return options_; }
  redis::Client& commands() { return commands_; }
  redis::Client& listener() { return listener_; }
  const Queues& queues() const { return queues_; }
  /// Where all queues are read: since when, on whichever node. What nobody has read yet is read from there.
  std::optional<StreamId> since() const { return since_; }
  /// Does as much wait to be told and answered as may?
  bool is_full() const;
  bool stopped() const { return stopped_; }
  TimePoint now() const { return loop_.now(); }

 private:
  static constexpr int kLooksApart = 20;  ///< times that a look took

  bool is_up() const { return commands_.is_up() && listener_.is_up(); }
  void on_up() final;
  void on_down(const redis::Error& why) final;
  void look();
  void ask_since();
  void look_at_all();

  Sink& sink_;
  const SourceOptions options_;
  const QueueKind kind_;
  reactor::Loop& loop_;
  redis::Client& commands_;
  redis::Client& listener_;
  QueueScan scan_;
  Queues queues_;
  bool stopped_ = false;
  std::optional<StreamId> since_{};
  TimePoint look_at_ = kNever;
  log::RareWarning away_, too_many_;
};

// It enters itself before its clients, which write at the end of a turn what it has to say.
template <class Queue>
QueueSource<Queue>::QueueSource(redis::ClientThread& thread, Sink& sink, SourceOptions options, const QueueKind& kind)
    : sink_(sink),
      options_(std::move(options)),
      kind_(kind),
      loop_((static_cast<void>(thread.add(*this)), thread.loop())),
      commands_(thread.add(client_options(options_.url, std::string(kind.source)), *this)),
      listener_(
          thread.add(client_options(options_.url, std::string(kind.source), kind.listener, options_.replies), *this)),
      scan_(commands_, options_.prefix + ":", std::string(kind.key_end), std::string(kind.key_type)) {}

template <class Queue>
void QueueSource<Queue>::stop(std::move_only_function<void()> then) {
  stopped_ = true;
  for (const auto& [name, queue] : queues_) queue->leave();
  when_told(commands_, std::move(then));
}

template <class Queue>
void QueueSource<Queue>::append_status(std::vector<QueueStatus>& out) const {
  for (const auto& [name, queue] : queues_) out.push_back(queue->status());
}

template <class Queue>
bool QueueSource<Queue>::is_full() const {
  std::size_t bytes = 0;
  for (const auto& [name, queue] : queues_) bytes += queue->bytes();
  return bytes >= options_.most_bytes;
}

template <class Queue>
void QueueSource<Queue>::on_up() {
  if (stopped_ || !is_up()) return;
  log::info("queues are looked for", {{"kind", std::string(kind_.name)}, {"redis", to_text(options_.url)}});
  look_at_ = now();
  for (const auto& [name, queue] : queues_) queue->on_connected(now());
}

template <class Queue>
void QueueSource<Queue>::on_down(const redis::Error& why) {
  away_.write("there is no connection to the Redis of queues: this node does not read them",
              {{"kind", std::string(kind_.name)}, {"redis", to_text(options_.url)}, {"why", why.text}});
  look_at_ = kNever;
  for (const auto& [name, queue] : queues_) queue->leave();
}

template <class Queue>
TimePoint QueueSource<Queue>::next_deadline() const {
  TimePoint next = look_at_;
  for (const auto& [name, queue] : queues_) next = std::min(next, queue->next_deadline());
  return next;
}

template <class Queue>
void QueueSource<Queue>::on_timer() {
  if (stopped_) return;
  if (now() >= look_at_) look();
  for (const auto& [name, queue] : queues_) queue->on_timer(now());
}

template <class Queue>
void QueueSource<Queue>::look() {
  look_at_ = kNever;
  on_look();
  if (std::ranges::find(options_.queues, "*") != options_.queues.end()) return ask_since();
  look_at_ = now() + options_.look_each;
  for (const std::string& name : options_.queues) check(name);
}

// Each time, for a Redis that has lost its memory is told again.
template <class Queue>
void QueueSource<Queue>::ask_since() {
  const std::string key = QueueKeys::since(options_.our_prefix, kind_.source, options_.prefix);
  commands_.run(since_script(), {.keys = {key}, .arguments = {since_ ? to_text(*since_) : ""}},
                [this](const redis::Answer& answer) {
                  if (answer) since_ = StreamId::parse(answer->text);
                  if (answer && since_) return look_at_all();
                  away_.write(
                      "queues are not looked for: Redis does not keep since when they are read",
                      {{"kind", std::string(kind_.name)}, {"why", answer ? "no stream's id" : answer.error().text}});
                  if (is_up()) look_at_ = now() + options_.look_each;
                });
}

// It goes through all of Redis' keys: the more there are, the more seldom.
template <class Queue>
void QueueSource<Queue>::look_at_all() {
  if (scan_.busy()) return;
  const auto on_found = [this](const std::vector<std::string>& names) {
    for (const std::string& name : names) check(name);
  };
  scan_.begin(on_found, [this, begun = now()] {
    if (is_up()) look_at_ = now() + std::max<Clock::duration>(options_.look_each, kLooksApart * (now() - begun));
  });
}

template <class Queue>
void QueueSource<Queue>::add(const std::string& name) {
  if (queues_.contains(name)) return;
  if (queues_.size() >= kMostQueues)
    return too_many_.write("there are more queues than are read: name those that count",
                           {{"setting", std::string(kind_.setting)}, {"left out", name}});
  log::info("a queue is read, here or on another node", {{"queue", name}, {"kind", std::string(kind_.name)}});
  JobReaderOptions options{.queue = name,
                           .holder = options_.node,
                           .keys = QueueKeys::of(options_.our_prefix, kind_.source, options_.prefix + ":" + name),
                           .json_depth = options_.json_depth,
                           .max_payload = options_.max_payload,
                           .check_ends = kind_.check_ends};
  const ReaderParts parts{.loop = loop_,
                          .commands = commands_,
                          .listener = listener_,
                          .sink = sink_,
                          .users = options_.users,
                          .source = kind_.source,
                          .patience = options_.patience};
  auto queue = make(parts, std::move(options));
  if (is_up()) queue->on_connected(now());
  queues_.emplace(name, std::move(queue));
}

}  // namespace signalbox::queue
