#include "net/shard.hpp"

#include <fcntl.h>

#include <algorithm>
#include <stdexcept>

namespace signalbox::net {
namespace {

constexpr std::uint64_t kListenerBit = std::uint64_t{1} << 63;
constexpr Milliseconds kStopTime{1500};
constexpr int kMaxAccepts = 256;       ///< a turn
constexpr int kMaxAcceptsBehind = 16;  ///< in a turn that could not read all that waits

}  // namespace

Shared::Shared() = default;
Shared::~Shared() = default;

Shard::Shard(Shared& shared, std::unique_ptr<Kernel> kernel)
    : shared_(shared),
      options_(shared.options),
      loop_(shared.loops, std::move(kernel), shared.options.mailbox_messages, *this),
      index_(loop_.index()),
      scratch_(std::make_unique<char[]>(kScratch)),
      read_scratch_(std::make_unique<char[]>(kReadScratch)),
      reserve_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

Shard::~Shard() {
  finish_stop();
  for (const int fd : listeners_) kernel().close(fd);
}

void Shard::add_listener(int fd) {
  listeners_.push_back(fd);
  if (!kernel().watch(fd, kListenerBit | static_cast<std::uint64_t>(fd), Kernel::kRead)) {
    throw std::runtime_error("the kernel watches no more descriptors; raise fs.epoll.max_user_watches");
  }
}

void Shard::run() {
  while (!stopped_) turn();
}

// Those who are here are read before others are let in, and few are let in while more waits to be read: a login that
// waits unread is not pushed out by newcomers, however many log in at once.
void Shard::on_events(std::span<const KernelEvent> events) {
  all_read_ = events.size() < reactor::Loop::kEvents;
  read_again();
  for (const KernelEvent& event : events)
    if (!(event.token & kListenerBit)) handle(event);
  for (const KernelEvent& event : events)
    if (event.token & kListenerBit)
      accept_all(static_cast<int>(event.token & 0x7fffffff), all_read_ ? kMaxAccepts : kMaxAcceptsBehind);
}

void Shard::end_turn() {
  run_timers();
  sessions_.end_due(all_read_);
  loop_.begin_writing();
  flush();
  bury();
  askers_.tell();
  if (drained_ && shared_.sessions.load() == 0) drained_();
  if (stop_deadline_ != kNever && (connections_.size() == 0 || now() >= stop_deadline_)) finish_stop();
  armed_timers_.store(timers_.armed() + sessions_.timers(), std::memory_order_relaxed);
}

TimePoint Shard::next_deadline() {
  const bool at_once = sessions_.has_touched() || !touched_connections_.empty() || !read_again_.empty();
  if (at_once || askers_.due()) return TimePoint::min();
  return std::min({timers_.next(), sessions_.next_deadline(), application_->next_deadline(), stop_deadline_});
}

void Shard::handle(const KernelEvent& event) {
  Connection* connection = connection_of(event.token);
  if (!connection) return;
  if (event.writable) on_writable(*connection);
  if (event.readable && connection->mode != Mode::closed) on_readable(*connection);
  if (event.broken && !event.readable && connection->mode != Mode::closed) {
    close_connection(*connection, CloseReason::transport_error);
  }
}

Connection* Shard::connection_of(std::uint64_t token) const {
  Connection* connection =
      connections_.find(static_cast<std::uint32_t>(token), static_cast<std::uint32_t>(token >> 32));
  return connection && connection->mode != Mode::closed ? connection : nullptr;
}

Connection* Shard::armed_by(const TimerEntry& entry) {
  Connection* connection = connections_.find(entry.slot, entry.generation);
  return connection && connection->armed == entry.deadline ? connection : nullptr;
}

void Shard::run_timers() {
  sessions_.run_timers();
  while (timers_.due(now())) {
    Connection* connection = armed_by(timers_.pop());
    if (!connection) continue;
    timers_.disarm(connection->armed);
    if (connection->mode == Mode::closed) continue;
    if (connection->deadline <= now()) {
      connection->deadline = kNever;
      on_deadline(*connection);
    } else {
      set_deadline(*connection, connection->deadline);
    }
  }
  if (timers_.mostly_stale())
    timers_.drop_stale([this](const TimerEntry& entry) { return armed_by(entry) != nullptr; });
  if (application_->next_deadline() <= now()) application_->on_timer(now());
}

// An answer may let a pipelined request in, whose handling touches others: a few rounds, and what is left then has the
// next turn.
void Shard::flush() {
  for (int round = 0; round < 8 && (sessions_.has_touched() || !touched_connections_.empty()); ++round) {
    sessions_.look_at_touched([this](SessionEntry& entry) { flush_session(entry); });
    touched_connections_.look([this](Connection& connection) {
      if (connection.mode == Mode::closed) return;
      connection.mode == Mode::websocket ? flush_websocket(connection) : flush_http(connection);
    });
  }
}

void Shard::bury() {
  if (dead_.empty()) return;
  std::vector<Connection*> keep;
  for (Connection* connection : dead_) {
    if (connection->listed) {
      keep.push_back(connection);  // still named in the list of the next turn
    } else {
      timers_.disarm(connection->armed);
      connections_.erase(*connection);
    }
  }
  dead_ = std::move(keep);
}

void Shard::begin_drain(Clock::duration pace, std::function<void()> drained) {
  if (drained_) return;
  drained_ = std::move(drained);
  sessions_.begin_drain(pace);
}

void Shard::begin_stop() {
  if (stop_deadline_ != kNever) return;
  stop_deadline_ = now() + kStopTime;
  for (const int fd : listeners_) kernel().close(fd);
  listeners_.clear();
  sessions_.close_all();
  connections_.for_each([this](Connection& connection) {
    if (connection.mode == Mode::websocket && !connection.close_wanted && !session_of(connection))
      want_close(connection, 1001);
    touch(connection);
  });
}

void Shard::finish_stop() {
  if (stopped_) return;
  stopped_ = true;
  loop_.close();
  connections_.for_each([this](Connection& connection) {
    if (connection.mode != Mode::closed) close_connection(connection, CloseReason::server_shutting_down);
  });
  sessions_.erase_all();
  touched_connections_.clear();
  bury();
  askers_.close();
}

}  // namespace signalbox::net
