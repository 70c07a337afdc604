#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "base/histogram.hpp"
#include "base/message.hpp"
#include "reactor/kernel.hpp"
#include "reactor/mailbox.hpp"

namespace signalbox::reactor {

class Loop;

/// The loops that belong together, by their index. Constant once they run.
using Loops = std::vector<Loop*>;

/// Takes the messages that come, but for tasks, which the loop runs. thread: its loop's.
class Receiver {
 public:
  virtual void on_message(Message& message, TimePoint now) = 0;
  /// That message comes soon: the memory that it leads to may be fetched.
  virtual void expect(const Message&) {}

 protected:
  ~Receiver() = default;
};

/// The work that a loop does in its turns. thread: its loop's.
class Wheel {
 public:
  /// When a turn is wanted although nothing has come; at once if that time is over.
  virtual TimePoint next_deadline() = 0;
  virtual void on_events(std::span<const KernelEvent> events) = 0;
  /// The rest of the turn. Calls Loop::begin_writing() before it writes.
  virtual void end_turn() = 0;

 protected:
  ~Wheel() = default;
};

/// How long a loop takes. Its clock is asked once a turn, not for each event. thread: written by its own, read by any.
struct LoopTimes {
  Histogram turns;
  /// Of each event for a socket, from its emit until the turn that handed it to the kernel or to the queue of a slow
  /// client has ended: as long as of the first event of that turn.
  Histogram deliveries;
};

/// Turns: waits until a descriptor, a message or a deadline is there, and hands all that over.
///
/// thread  post() and has_room() any; the rest its own, which is the one that calls turn().
class Loop {
 public:
  static constexpr std::size_t kEvents = 256;  ///< a turn
  static constexpr std::size_t kOwn = 128;     ///< messages that are put aside at once

  /// Enters itself among `loops`.
  Loop(Loops& loops, std::unique_ptr<Kernel> kernel, std::size_t mailbox_messages, Wheel& wheel);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// The loop in whose turn this thread is; null: none.
  static Loop* current();
  bool is_among(const Loops& loops) const { return &loops_ == &loops; }
  unsigned index() const { return index_; }
  void set_receiver(Receiver& receiver) { receiver_ = &receiver; }

  /// Always taken, whatever waits there already; false: closed.
  [[nodiscard]] bool post(Message&& message);
  /// Mailboxes::deliver() and deliver_own() for these loops. deliver() is called under a lock, and a receiver runs
  /// session code: so messages for this thread's own loop are put aside until the lock is free.
  static bool deliver(const Loops& loops, std::span<const SocketRef> to, FrameRef& frame, std::uint64_t number,
                      bool room_seen);
  static void deliver_own();
  /// Also of its own thread, which delivers past the mailbox: so that one turn does not queue without bound.
  bool has_room(std::size_t count) const;

  void turn();
  /// The turn is about to write: what it has for other loops leaves first, so that they write meanwhile.
  void begin_writing();
  /// No message is taken any more, and those that wait are dropped.
  void close();
  Kernel& kernel() const { return *kernel_; }
  TimePoint now() const { return now_; }  ///< of this turn
  const LoopTimes& times() const { return times_; }

 private:
  struct Wait {
    Milliseconds most;                ///< below zero: for ever
    std::optional<TimePoint> from{};  ///< nothing: no time at all is waited
  };
  bool takes(std::size_t count) const;
  bool delivers_itself() const;
  void put_aside(const SocketRef& to, FrameRef frame, std::uint64_t number);
  void hand_over_own() noexcept;
  void announce_later(const Loop& other);
  void announce();
  Wait time_to_wait();
  void note_times(TimePoint ended);
  void run_mailbox();

  Loops& loops_;
  const unsigned index_;
  const std::unique_ptr<Kernel> kernel_;
  Wheel& wheel_;
  Receiver* receiver_ = nullptr;
  Mailbox mailbox_;
  bool closed_ = false;
  std::vector<Message> messages_;  ///< taken from the mailbox, from next_message_ on not yet handled
  std::size_t next_message_ = 0;
  std::array<Message, kOwn> own_;  ///< the first are put aside until no lock is held
  std::size_t own_count_ = 0;
  bool hands_over_ = false;
  std::size_t delivered_ = 0;  ///< in this turn, past the mailbox
  const Loops* unannounced_of_ = nullptr;
  std::vector<char> unannounced_;  ///< by those loops: this turn has put something into its mailbox
  std::array<KernelEvent, kEvents> events_;
  TimePoint now_;
  LoopTimes times_;
  TimePoint oldest_ = kNever;           ///< event of this turn: when it was put
  std::size_t events_handed_over_ = 0;  ///< in this turn
};

}  // namespace signalbox::reactor
