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
  end_leaving();
  drop_oldest_strangers(all_read_);
  loop_.begin_writing();
  flush();
  bury();
  askers_.tell();
  if (drained_ && shared_.sessions.load() == 0) drained_();
  if (stop_deadline_ != kNever && (connections_.size() == 0 || now() >= stop_deadline_)) finish_stop();
  armed_timers_.store(timers_.armed(), std::memory_order_relaxed);
}

TimePoint Shard::next_deadline() {
  const bool at_once = !touched_sessions_.empty() || !touched_connections_.empty() || !read_again_.empty();
  if (at_once || askers_.due()) return TimePoint::min();
  return std::min({timers_.next(), application_->next_deadline(), stop_deadline_, stranger_deadline(),
                   leaving_.empty() ? kNever : leaving_.front().deadline});
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

TimePoint* Shard::armed_by(const TimerEntry& entry) {
  TimePoint* armed = nullptr;
  if (entry.table == kSessions) {
    if (SessionEntry* session = sessions_.find(entry.slot, entry.generation)) armed = &session->armed;
  } else if (Connection* connection = connections_.find(entry.slot, entry.generation)) {
    armed = &connection->armed;
  }
  return armed && *armed == entry.deadline ? armed : nullptr;
}

void Shard::run_timers() {
  while (timers_.due(now())) {
    const TimerEntry entry = timers_.pop();
    TimePoint* armed = armed_by(entry);
    if (!armed) continue;
    timers_.disarm(*armed);
    if (entry.table == kSessions) {
      SessionEntry& session = *sessions_.find(entry.slot, entry.generation);
      if (session.session.next_deadline() <= now()) session.session.on_timer(now());
      session.touched();  // which arms it again
    } else {
      Connection& connection = *connections_.find(entry.slot, entry.generation);
      if (connection.mode == Mode::closed) continue;
      if (connection.deadline <= now()) {
        connection.deadline = kNever;
        on_deadline(connection);
      } else {
        set_deadline(connection, connection.deadline);
      }
    }
  }
  if (timers_.mostly_stale()) timers_.drop_stale([this](const TimerEntry& entry) { return armed_by(entry); });
  if (application_->next_deadline() <= now()) application_->on_timer(now());
}

// An answer may let a pipelined request in, whose handling touches others: a few rounds, and what is left then has the
// next turn.
void Shard::flush() {
  for (int round = 0; round < 8 && !(touched_sessions_.empty() && touched_connections_.empty()); ++round) {
    std::vector<SessionEntry*> sessions;
    sessions.swap(touched_sessions_);
    for (SessionEntry* entry : sessions) {
      entry->in_touched = false;
      flush_session(*entry);
    }
    std::vector<Connection*> connections;
    connections.swap(touched_connections_);
    for (Connection* connection : connections) {
      connection->touched = false;
      if (connection->mode == Mode::closed) continue;
      connection->mode == Mode::websocket ? flush_websocket(*connection) : flush_http(*connection);
    }
    if (touched_sessions_.empty() && touched_sessions_.capacity() == 0) {  // keep the larger buffer for the next turn
      sessions.clear();
      touched_sessions_.swap(sessions);
    }
    if (touched_connections_.empty() && touched_connections_.capacity() == 0) {
      connections.clear();
      touched_connections_.swap(connections);
    }
  }
}

void Shard::bury() {
  if (dead_.empty()) return;
  std::vector<Connection*> keep;
  for (Connection* connection : dead_) {
    if (connection->touched) {
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
  sessions_.for_each([this, pace](const SessionEntry& entry) {
    const auto place = static_cast<std::int64_t>(shared_.leaving.fetch_add(1));
    leaving_.push_back({now() + place * pace, entry.slot, entry.generation, kSessions});
  });
}

void Shard::end_leaving() {
  while (!leaving_.empty() && leaving_.front().deadline <= now()) {
    if (SessionEntry* entry = sessions_.find(leaving_.front().slot, leaving_.front().generation)) {
      if (entry->session.open()) entry->session.close(CloseReason::server_shutting_down, now());
      entry->touched();
    }
    leaving_.pop_front();
  }
}

void Shard::begin_stop() {
  if (stop_deadline_ != kNever) return;
  stop_deadline_ = now() + kStopTime;
  for (const int fd : listeners_) kernel().close(fd);
  listeners_.clear();
  sessions_.for_each([this](SessionEntry& entry) {
    if (entry.session.open()) entry.session.close(CloseReason::server_shutting_down, now());
    entry.touched();
  });
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
  // A session may be touched and finish while others are ended: collected first, erased one by one.
  std::vector<SessionEntry*> all;
  sessions_.for_each([&all](SessionEntry& entry) { all.push_back(&entry); });
  for (SessionEntry* entry : all) {
    if (entry->session.open()) entry->session.close(CloseReason::server_shutting_down, now());
  }
  for (SessionEntry* entry : all) erase_session(*entry);
  touched_sessions_.clear();
  for (Connection* connection : touched_connections_) connection->touched = false;
  touched_connections_.clear();
  bury();
  askers_.close();
}

}  // namespace signalbox::net
