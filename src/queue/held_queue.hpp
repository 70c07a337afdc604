#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "queue/job_reader.hpp"
#include "queue/mending.hpp"
#include "queue/source.hpp"
#include "reactor/loop.hpp"
#include "redis/lease.hpp"

namespace signalbox::queue {

/// What the queues of one source have in common.
struct ReaderParts {
  reactor::Loop& loop;
  redis::Client& commands;
  redis::Client& listener;  ///< over which it is heard what is new
  Sink& sink;
  const JsonPaths& users;
  std::string_view source;  ///< a literal, as QueueStatus has it
  Milliseconds patience;    ///< as SourceOptions
};

/// A queue that one node reads, by a lease: from where it goes on, and what was missed. How it is read, a derived class
/// knows.
///
/// thread  the queues'. It outlives the client's and the sink's last answers.
class HeldQueue : Sink {
 public:
  HeldQueue(const ReaderParts& parts, JobReaderOptions options);
  HeldQueue(const HeldQueue&) = delete;
  HeldQueue& operator=(const HeldQueue&) = delete;
  virtual ~HeldQueue() = default;

  /// This node can read it from now on.
  void on_connected(TimePoint now) { lease_.begin(now); }
  /// It cannot, or does not want to: another one may at once.
  void leave();
  TimePoint next_deadline() const;
  void on_timer(TimePoint now);
  QueueStatus status() const;
  /// Of what was read, until it is told and answered.
  virtual std::size_t bytes() const { return reader_.bytes(); }

 protected:
  enum class State : std::uint8_t {
    not_held,
    waiting,    ///< for a moment, after an error
    beginning,  ///< until begin() has found from where
    reading,
  };

  /// It is read from now on; `stored`: how far it was before.
  virtual void begin(std::optional<StreamId> stored) = 0;
  /// It is not.
  virtual void on_end() {}

  /// Ends State::beginning.
  void go_on(StreamId position, StreamId told_before);
  /// With these, all up to `last` was read.
  void take(std::vector<JobStep> steps, StreamId last);
  /// Something was missed that ended since then: it is looked for while reading goes on from there. The position stays
  /// until that is told.
  void mend(std::uint64_t since_ms, StreamId from);
  void begin_again(std::string_view why);
  /// For an answer that counts as long as the queue is held; an error begins again.
  template <class Take>
  redis::OnAnswer on_answer(Take take) {
    return [this, number = number_, take = std::move(take)](const redis::Answer& answer) {
      if (number != number_) return;
      if (answer) return take(*answer);
      begin_again(answer.error().text);
    };
  }

  bool reads() const { return state_ == State::reading; }
  const std::string& name() const { return name_; }
  const QueueKeys& keys() const { return keys_; }
  redis::Client& commands() { return parts_.commands; }
  redis::Client& listener() { return parts_.listener; }
  JobReader& reader() { return reader_; }
  const JobReader& reader() const { return reader_; }

 private:
  static constexpr Milliseconds kAgain{1000};
  static constexpr Milliseconds kRest{5000};  ///< for which a node that gets on no more leaves a queue to others

  void tell(const JobReport& report, Then then) override;
  void emit(WorkerEvent event, Then then) override { parts_.sink.emit(std::move(event), std::move(then)); }
  void on_lease(bool held);
  void end(State state);
  void ask_position();
  void begin_mending();
  bool mends_on() const { return mends_ && !mending_.busy() && reader_.has_room(); }
  void go_on_mending();
  bool gets_on(TimePoint now);

  const ReaderParts parts_;
  const std::string name_;
  const QueueKeys keys_;
  JobReader reader_;
  Mending mending_;
  redis::Lease lease_;
  State state_ = State::not_held;
  std::uint64_t number_ = 0;  ///< of this time that it is held
  TimePoint again_at_ = kNever;
  StreamId read_up_to_{};
  bool mends_ = false;
  std::optional<std::uint64_t> missed_since_{};  ///< what is looked for next
  std::uint64_t gaps_ = 0;
  std::uint64_t got_on_ = 0;      ///< what was read, and what the sink has answered
  TimePoint got_on_at_ = kNever;  ///< that changed; never: nothing waits
  log::RareLine again_{log::Level::warn, 1}, rests_{log::Level::warn, 1};
};

}  // namespace signalbox::queue
