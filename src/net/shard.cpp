#include "net/shard.hpp"

#include <fcntl.h>

#include <algorithm>
#include <stdexcept>

namespace signalbox::net {
namespace {

thread_local Shard* this_shard = nullptr;
constexpr std::uint64_t kListenerBit = std::uint64_t{1} << 63;
constexpr Milliseconds kStopTime{1500};
constexpr std::size_t kAhead = 8;          ///< messages whose frames are fetched before they are delivered
constexpr std::size_t kSaidAtOnce = 1024;  ///< messages that were handled
constexpr int kMaxAccepts = 256;           ///< a turn
constexpr int kMaxAcceptsBehind = 16;      ///< in a turn that could not read all that waits

}  // namespace

Shard* current_shard() {
  return this_shard;
}

Shard::Shard(unsigned index, Shared& shared, std::unique_ptr<Kernel> kernel)
    : index_(index),
      shared_(shared),
      options_(shared.options),
      kernel_(std::move(kernel)),
      mailbox_(shared.options.mailbox_messages),
      scratch_(std::make_unique<char[]>(kScratch)),
      read_scratch_(std::make_unique<char[]>(kReadScratch)),
      reserve_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      now_(kernel_->now()) {}

Shard::~Shard() {
  finish_stop();
  for (const int fd : listeners_) kernel_->close(fd);
}

void Shard::add_listener(int fd) {
  listeners_.push_back(fd);
  if (!kernel_->watch(fd, kListenerBit | static_cast<std::uint64_t>(fd), Kernel::kRead)) {
    throw std::runtime_error("the kernel watches no more descriptors; raise fs.epoll.max_user_watches");
  }
}

// What this thread itself emits need not go through the mailbox, unless something waits there that came first.
bool Shard::deliver_at_once(Message& message) {
  if (this_shard != this || stopped_ || message.kind != Message::Kind::deliver || mailbox_.waits()) return false;
  application_->on_message(message, now_);
  ++delivered_;
  return true;
}

bool Shard::has_room(std::size_t count) const {
  return mailbox_.has_room(count + (this_shard == this ? delivered_ : 0));
}

bool Shard::post(Message&& message) {
  if (deliver_at_once(message)) return true;
  const bool later =
      this_shard && this_shard != this && this_shard->is_of(shared_) && message.kind == Message::Kind::deliver;
  if (later) this_shard->announce_later(*this);
  const auto put = mailbox_.put(std::move(message), later);
  // A shard looks into its own mailbox before it waits, so it need not wake itself.
  if (put == Mailbox::Put::announced && this_shard != this) kernel_->wake();
  return put != Mailbox::Put::closed;
}

// What a turn delivers leaves in one write for each socket, also where that is another shard's: it takes the messages
// when the turn has put them all, and not one by one while it is woken for each.
void Shard::announce_later(Shard& other) {
  unannounced_.resize(shared_.shards.size());
  unannounced_[other.index_] = true;
}

void Shard::announce() {
  for (std::size_t i = 0; i < unannounced_.size(); ++i) {
    if (!std::exchange(unannounced_[i], false)) continue;
    Shard& other = *shared_.shards[i];
    if (other.mailbox_.announce()) other.kernel_->wake();
  }
}

void Shard::run() {
  while (!stopped_) turn();
}

void Shard::turn() {
  this_shard = this;
  take_turn();
  announce();  // what was delivered since, by handlers that heard of a session's end
  this_shard = nullptr;
}

void Shard::take_turn() {
  const auto count = kernel_->wait(events_, time_to_wait());
  now_ = kernel_->now();
  // First what was posted before those bytes were sent: that a POST has begun, say, before an upgrade that follows it.
  run_mailbox();
  // Those who are here are read before others are let in, and few are let in while more waits to be read: a login that
  // waits unread is not pushed out by newcomers, however many log in at once.
  const bool all_read = count < events_.size();
  read_again();
  for (std::size_t i = 0; i < count; ++i)
    if (!(events_[i].token & kListenerBit)) handle(events_[i]);
  for (std::size_t i = 0; i < count; ++i)
    if (events_[i].token & kListenerBit)
      accept_all(static_cast<int>(events_[i].token & 0x7fffffff), all_read ? kMaxAccepts : kMaxAcceptsBehind);
  run_mailbox();
  run_timers();
  end_leaving();
  drop_oldest_strangers(all_read);
  announce();  // the other shards write while this one does
  flush();
  bury();
  askers_.tell();
  if (drained_ && shared_.sessions.load() == 0) drained_();
  if (stop_deadline_ != kNever && (connections_.size() == 0 || now_ >= stop_deadline_)) finish_stop();
  armed_timers_.store(timers_.armed(), std::memory_order_relaxed);
}

Milliseconds Shard::time_to_wait() {
  if (next_message_ < messages_.size() || mailbox_.announced() || !touched_sessions_.empty() ||
      !touched_connections_.empty() || !read_again_.empty() || askers_.due()) {
    return Milliseconds{0};
  }
  const auto next = std::min({timers_.next(), application_->next_deadline(), stop_deadline_, stranger_deadline(),
                              leaving_.empty() ? kNever : leaving_.front().deadline});
  if (next == kNever) return Milliseconds{-1};
  const auto now = kernel_->now();
  if (next <= now) return Milliseconds{0};
  // Rounded up, or the last millisecond would be spent in turns that find nothing due.
  return std::min(std::chrono::ceil<Milliseconds>(next - now), Milliseconds{60'000});
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

void Shard::run_mailbox() {
  if (next_message_ == messages_.size()) {
    messages_.clear();
    next_message_ = 0;
    mailbox_.take(messages_);
  }
  const auto end = std::min(messages_.size(), next_message_ + kMaxMessages);
  std::size_t delivered = 0;  // said of many at once, for those who post look at the count
  while (next_message_ < end) {
    // The frame was built on another core.
    if (next_message_ + kAhead < messages_.size()) messages_[next_message_ + kAhead].frame.prefetch();
    // Out of the list first: a task may end in a call that looks at it.
    Message message = std::move(messages_[next_message_++]);
    ++delivered;
    const bool is_task = message.kind == Message::Kind::task;
    if (is_task || delivered == kSaidAtOnce) mailbox_.handled(std::exchange(delivered, 0));
    if (!is_task) {
      application_->on_message(message, now_);
    } else if (message.task) {
      (*message.task)();
    }
  }
  mailbox_.handled(delivered);
}

TimePoint* Shard::armed_by(const TimerEntry& entry) {
  TimePoint* armed = nullptr;
  if (entry.session) {
    if (SessionEntry* session = sessions_.find(entry.slot, entry.generation)) armed = &session->armed;
  } else if (Connection* connection = connections_.find(entry.slot, entry.generation)) {
    armed = &connection->armed;
  }
  return armed && *armed == entry.deadline ? armed : nullptr;
}

void Shard::run_timers() {
  while (timers_.due(now_)) {
    const TimerEntry entry = timers_.pop();
    TimePoint* armed = armed_by(entry);
    if (!armed) continue;
    timers_.disarm(*armed);
    if (entry.session) {
      SessionEntry& session = *sessions_.find(entry.slot, entry.generation);
      if (session.session.next_deadline() <= now_) session.session.on_timer(now_);
      session.touched();  // which arms it again
    } else {
      Connection& connection = *connections_.find(entry.slot, entry.generation);
      if (connection.mode == Mode::closed) continue;
      if (connection.deadline <= now_) {
        connection.deadline = kNever;
        on_deadline(connection);
      } else {
        set_deadline(connection, connection.deadline);
      }
    }
  }
  if (timers_.mostly_stale()) timers_.drop_stale([this](const TimerEntry& entry) { return armed_by(entry); });
  if (application_->next_deadline() <= now_) application_->on_timer(now_);
}

// An answer may let a pipelined request in, whose handling touches others: a few rounds, and what is left then has the
// next turn.
void Shard::flush() {
  delivered_ = 0;
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
    leaving_.push_back({now_ + place * pace, entry.slot, entry.generation, true});
  });
}

void Shard::end_leaving() {
  while (!leaving_.empty() && leaving_.front().deadline <= now_) {
    if (SessionEntry* entry = sessions_.find(leaving_.front().slot, leaving_.front().generation)) {
      if (entry->session.open()) entry->session.close(CloseReason::server_shutting_down, now_);
      entry->touched();
    }
    leaving_.pop_front();
  }
}

void Shard::begin_stop() {
  if (stop_deadline_ != kNever) return;
  stop_deadline_ = now_ + kStopTime;
  for (const int fd : listeners_) kernel_->close(fd);
  listeners_.clear();
  sessions_.for_each([this](SessionEntry& entry) {
    if (entry.session.open()) entry.session.close(CloseReason::server_shutting_down, now_);
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
  mailbox_.close();
  connections_.for_each([this](Connection& connection) {
    if (connection.mode != Mode::closed) close_connection(connection, CloseReason::server_shutting_down);
  });
  // A session may be touched and finish while others are ended: collected first, erased one by one.
  std::vector<SessionEntry*> all;
  sessions_.for_each([&all](SessionEntry& entry) { all.push_back(&entry); });
  for (SessionEntry* entry : all) {
    if (entry->session.open()) entry->session.close(CloseReason::server_shutting_down, now_);
  }
  for (SessionEntry* entry : all) erase_session(*entry);
  touched_sessions_.clear();
  for (Connection* connection : touched_connections_) connection->touched = false;
  touched_connections_.clear();
  bury();
  askers_.close();
}

}  // namespace signalbox::net
