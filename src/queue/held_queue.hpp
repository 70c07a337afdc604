#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/job_reader.hpp"
#include "queue/mending.hpp"
#include "queue/source.hpp"
#include "redis/lease.hpp"

namespace signalbox::queue {

/// A queue that one node reads, by a lease: from where it goes on, and what was missed. How it is read, a derived class
/// knows.
///
/// thread  the queues'. It outlives the client's and the sink's last answers.
class HeldQueue {
 public:
  HeldQueue(redis::Client& commands, Sink& sink, const JsonPaths& users, std::string_view source,
            JobReaderOptions options);
  HeldQueue(const HeldQueue&) = delete;
  HeldQueue& operator=(const HeldQueue&) = delete;
  virtual ~HeldQueue() = default;

  void on_connected(TimePoint now) { lease_.begin(now); }
  void on_lost() { lease_.end(); }
  /// Another one may read it at once.
  void leave();
  TimePoint next_deadline() const;
  void on_timer(TimePoint now);
  QueueStatus status() const;

 protected:
  enum class State : std::uint8_t {
    not_held,
    waiting,    ///< for a moment, after an error
    beginning,  ///< until begin() has found from where
    mending,    ///< until what was missed has been told
    reading,
  };

  /// It is read from now on; `stored`: how far it was before.
  virtual void begin(std::optional<StreamId> stored) = 0;
  /// It is not.
  virtual void on_end() {}
  /// How far it is read by now.
  virtual StreamId read_up_to() const = 0;

  /// Ends State::beginning.
  void go_on(StreamId position, StreamId told_before);
  /// What has ended since then is told before reading goes on.
  void mend(std::uint64_t since_ms);
  void begin_again(const redis::Error& why);
  /// For an answer that counts as long as the queue is held; an error begins again.
  template <class Take>
  redis::OnAnswer on_answer(Take take) {
    return [this, number = number_, take = std::move(take)](const redis::Answer& answer) {
      if (number != number_) return;
      if (answer) return take(*answer);
      begin_again(answer.error());
    };
  }

  State state() const { return state_; }
  const std::string& name() const { return name_; }
  const QueueKeys& keys() const { return keys_; }
  redis::Client& commands() { return commands_; }
  JobReader& reader() { return reader_; }
  const JobReader& reader() const { return reader_; }

 private:
  static constexpr Milliseconds kAgain{1000};

  void on_lease(bool held);
  void end(State state);
  void ask_position();
  bool mends_on() const { return state_ == State::mending && !mending_.busy() && reader_.has_room(); }
  void go_on_mending();

  redis::Client& commands_;
  const std::string name_;
  const std::string_view source_;
  const QueueKeys keys_;
  JobReader reader_;
  Mending mending_;
  redis::Lease lease_;
  State state_ = State::not_held;
  std::uint64_t number_ = 0;  ///< of this time that it is held
  TimePoint again_at_ = kNever;
  std::uint64_t gaps_ = 0;
  log::RareLine again_{log::Level::warn, 1};
};

}  // namespace signalbox::queue
