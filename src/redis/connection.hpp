#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "redis/command.hpp"
#include "redis/error.hpp"
#include "redis/handshake.hpp"
#include "redis/reply_reader.hpp"

namespace signalbox::redis {

/// What was published on a channel that we subscribed to. Views, good until the call that shows them returns.
struct Published {
  std::string_view pattern;  ///< empty: it came for its channel
  std::string_view channel;
  std::string_view payload;
};

/// What of a connection one chooses.
struct ConnectionOptions {
  enum class Mode : std::uint8_t {
    commands,
    subscriber,  ///< it hears what is published, and says nothing but SUBSCRIBE and its like
  };
  Mode mode = Mode::commands;
  Identity identity{};
  ReplyLimits replies{};
  std::size_t max_unwritten = 16 * 1024 * 1024;  ///< bytes of commands that the kernel has not taken
  std::size_t max_unanswered = 100'000;          ///< commands
  Milliseconds answer_time{5000};  ///< so long nothing comes from Redis while an answer is owed: it is dead
  Milliseconds idle_time{5000};    ///< so long nothing comes at all: it is asked whether it lives
};

/// One connection to Redis: bytes and the time in, bytes and answers out. It begins with the handshake, and ends once,
/// with the reason; then all who wait for an answer are told. Whoever is called from here may send, and may end it, but
/// not destroy it.
///
/// thread  its owner's.
class Connection {
 public:
  class Observer {
   public:
    virtual void on_ready() = 0;  ///< the handshake is done
    virtual void on_published(const Published& published) = 0;

   protected:
    ~Observer() = default;
  };

  Connection(ConnectionOptions options, Observer& observer, TimePoint now);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// After on_ready(). `patience`: how long the answer is waited for; a command that blocks in Redis for longer than
  /// answer_time may have more than that, and should have a connection of its own. A subscriber's are waited for as
  /// long as the connection lives.
  void send(const Command& command, OnAnswer on_answer, TimePoint now, Milliseconds patience);
  void send(const Command& command, OnAnswer on_answer, TimePoint now) {
    send(command, std::move(on_answer), now, options_.answer_time);
  }

  /// Bytes that came.
  void take(std::string_view bytes, TimePoint now);
  /// Bytes to be written, and how many of them were.
  std::string_view unwritten() const { return std::string_view(out_).substr(written_); }
  void wrote(std::size_t bytes);
  TimePoint next_deadline() const;
  void on_timer(TimePoint now);

  bool ready() const { return ready_; }
  void end(Error why);
  const std::optional<Error>& ended() const { return ended_; }

 private:
  struct Pending {
    OnAnswer on_answer;  ///< empty: nobody waits any more
    TimePoint sent, due;
    Milliseconds patience;
    std::size_t answers;  ///< of Redis; a SUBSCRIBE has one for each channel
  };

  bool subscribes() const { return options_.mode == ConnectionOptions::Mode::subscriber; }
  std::optional<Error> refused_now(const Command& command) const;
  void push(const Command& command, OnAnswer on_answer, TimePoint now, Milliseconds patience);
  void go_on_with_handshake(TimePoint now);
  void on_reply(Reply reply);
  bool publish(const Reply& reply);
  void on_answer(Answer answer);
  void tell_the_impatient(TimePoint now);
  TimePoint dead_at() const;

  const ConnectionOptions options_;
  Observer& observer_;
  Handshake handshake_;
  bool ready_ = false;
  ReplyReader reader_;
  std::string out_;
  std::size_t written_ = 0;      ///< of out_
  std::deque<Pending> pending_;  ///< in the order in which Redis answers
  TimePoint next_due_ = kNever;  ///< of those in pending_, or earlier
  TimePoint heard_;              ///< when bytes came last
  std::optional<Error> ended_;
};

}  // namespace signalbox::redis
