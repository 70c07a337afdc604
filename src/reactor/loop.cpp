#include "reactor/loop.hpp"

#include <algorithm>
#include <utility>

namespace signalbox::reactor {
namespace {

thread_local Loop* this_loop = nullptr;
constexpr std::size_t kMaxMessages = 65'536;  ///< a look into the mailbox
constexpr std::size_t kAhead = 8;             ///< messages whose frames are fetched before they are delivered
constexpr std::size_t kSaidAtOnce = 1024;     ///< messages that were handled

}  // namespace

Loop::Loop(Loops& loops, std::unique_ptr<Kernel> kernel, std::size_t mailbox_messages, Wheel& wheel)
    : loops_(loops),
      index_(static_cast<unsigned>(loops.size())),
      kernel_(std::move(kernel)),
      wheel_(wheel),
      mailbox_(mailbox_messages),
      now_(kernel_->now()) {
  for (Message& own : own_) own.kind = Message::Kind::deliver;
  loops_.push_back(this);
}

Loop* Loop::current() {
  return this_loop;
}

inline bool Loop::takes(std::size_t count) const {
  return mailbox_.has_room(count + (this_loop == this ? delivered_ : 0));
}

bool Loop::has_room(std::size_t count) const {
  return takes(count);
}

// What this thread itself emits need not go through the mailbox, unless something waits there that came first, or much
// is put aside already.
inline bool Loop::delivers_itself() const {
  return this_loop == this && !closed_ && !hands_over_ && own_count_ < kOwn && !mailbox_.waits();
}

inline void Loop::put_aside(const SocketRef& to, FrameRef frame, std::uint64_t number) {
  Message& message = own_[own_count_++];
  message.slot = to.slot;
  message.generation = to.generation;
  message.number = number;
  message.frame = std::move(frame);
  ++delivered_;
}

bool Loop::deliver(const Loops& loops, std::span<const SocketRef> to, FrameRef& frame, std::uint64_t number,
                   bool room_seen) {
  for (const SocketRef& one : to) {
    if (!room_seen && !loops[one.shard]->takes(to.size())) return false;
  }
  for (const SocketRef& one : to) {
    Loop& loop = *loops[one.shard];
    if (loop.delivers_itself()) {
      loop.put_aside(one, frame.another(), number);
    } else {
      static_cast<void>(loop.post(Message::deliver(one, frame.another(), number)));
    }
  }
  return true;
}

void Loop::deliver_own() {
  if (this_loop && this_loop->own_count_ != 0) this_loop->hand_over_own();
}

// What session code emits meanwhile goes into the mailbox, and so comes behind all of this. Where memory is out in the
// middle of it the process ends, for who calls could not tell what was handed over.
void Loop::hand_over_own() noexcept {
  if (std::exchange(hands_over_, true)) return;
  if (own_count_ != 0) oldest_ = std::min(oldest_, now_);
  events_handed_over_ += own_count_;
  for (std::size_t i = 0; i < std::min(kAhead, own_count_); ++i) receiver_->expect(own_[i]);
  for (std::size_t i = 0; i < own_count_; ++i) {
    if (i + kAhead < own_count_) receiver_->expect(own_[i + kAhead]);
    receiver_->on_message(own_[i], now_);
    own_[i].frame = {};
  }
  own_count_ = 0;
  hands_over_ = false;
}

// A turn delivers to loops that belong together.
inline void Loop::announce_later(const Loop& other) {
  if (unannounced_of_ != &other.loops_) announce();
  unannounced_of_ = &other.loops_;
  unannounced_.resize(other.loops_.size());
  unannounced_[other.index_] = true;
}

void Loop::announce() {
  for (std::size_t i = 0; i < unannounced_.size(); ++i) {
    if (!std::exchange(unannounced_[i], false)) continue;
    Loop& other = *(*unannounced_of_)[i];
    if (other.mailbox_.announce()) other.kernel_->wake();
  }
}

// What a turn delivers leaves in one write for each socket, also where that is another loop's: it takes the messages
// when the turn has put them all, and not one by one while it is woken for each.
bool Loop::post(Message&& message) {
  const bool later = this_loop && this_loop != this && message.kind == Message::Kind::deliver;
  if (later) this_loop->announce_later(*this);
  const auto put = mailbox_.put(std::move(message), later, [] { return this_loop ? this_loop->now_ : Clock::now(); });
  // A loop looks into its own mailbox before it waits, so it need not wake itself.
  if (put == Mailbox::Put::announced && this_loop != this) kernel_->wake();
  return put != Mailbox::Put::closed;
}

void Loop::begin_writing() {
  hand_over_own();
  announce();
  delivered_ = 0;
}

void Loop::turn() {
  this_loop = this;
  const Wait wait = time_to_wait();
  const auto count = kernel_->wait(events_, wait.most);
  const TimePoint woken = kernel_->now();
  note_times(wait.from.value_or(woken));
  now_ = woken;
  // First what was posted before those events: that a POST has begun, say, before an upgrade that follows it.
  run_mailbox();
  wheel_.on_events({events_.data(), count});
  run_mailbox();
  wheel_.end_turn();
  announce();  // what was delivered since, by handlers that heard of a session's end
  this_loop = nullptr;
}

Loop::Wait Loop::time_to_wait() {
  if (next_message_ < messages_.size() || mailbox_.announced()) return {Milliseconds{0}};
  const TimePoint next = wheel_.next_deadline();
  const auto now = kernel_->now();
  if (next == kNever) return {Milliseconds{-1}, now};
  if (next <= now) return {Milliseconds{0}, now};
  // Rounded up, or the last millisecond would be spent in turns that find nothing due.
  return {std::min(std::chrono::ceil<Milliseconds>(next - now), Milliseconds{60'000}), now};
}

/// Of the turn that has ended.
void Loop::note_times(TimePoint ended) {
  times_.turns.observe(ended - now_);
  if (events_handed_over_ == 0) return;
  times_.deliveries.observe(ended - std::min(oldest_, ended), std::exchange(events_handed_over_, 0));
  if (next_message_ == messages_.size()) oldest_ = kNever;
}

void Loop::run_mailbox() {
  hand_over_own();  // it came first
  if (next_message_ == messages_.size()) {
    messages_.clear();
    next_message_ = 0;
    oldest_ = std::min(oldest_, mailbox_.take(messages_));
  }
  const auto end = std::min(messages_.size(), next_message_ + kMaxMessages);
  std::size_t delivered = 0;  // counted for many at once, since posters read the count
  while (next_message_ < end) {
    // The frame was built on another core.
    if (next_message_ + kAhead < messages_.size()) messages_[next_message_ + kAhead].frame.prefetch();
    // Out of the list first: a task may end in a call that looks at it.
    Message message = std::move(messages_[next_message_++]);
    ++delivered;
    const bool is_task = message.kind == Message::Kind::task;
    if (is_task || delivered == kSaidAtOnce) mailbox_.handled(std::exchange(delivered, 0));
    if (!is_task) {
      ++events_handed_over_;
      receiver_->on_message(message, now_);
    } else if (message.rest) {
      message.rest->task();
    }
  }
  mailbox_.handled(delivered);
}

void Loop::close() {
  closed_ = true;
  mailbox_.close();
}

}  // namespace signalbox::reactor
