#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "queue/sink.hpp"
#include "queue/stream_id.hpp"

namespace signalbox::queue {

/// How far a queue was told: everything up to a position, but for the outcomes that nobody has confirmed yet. These
/// are kept, so that they can be told again.
///
/// thread  its owner's.
class Unanswered {
 public:
  using Number = std::uint64_t;

  /// All is forgotten; answers to what was told before are nobody's.
  void restart(StreamId position);
  /// An outcome that is being told now. `again`: it may yet be read once more, wherever the position is.
  Number add(JobReport outcome, bool again = false);
  const JobReport& report(Number number) const { return outcomes_[number - first_].report; }
  /// All up to there was told; what needs an answer was added before.
  void told(StreamId at) { told_ = std::max(told_, at); }
  bool has(Number number) const { return number >= first_ && number - first_ < outcomes_.size(); }
  /// It was taken, or never will be; or it is to be told once more.
  void settle(Number number);
  void postpone(Number number);

  /// All up to there is settled.
  StreamId position() const { return outcomes_.empty() ? told_ : outcomes_.front().behind; }
  /// Jobs whose outcomes the position has passed, but for those that may be read again; each is given once.
  std::vector<std::string> take_ended() { return std::exchange(ended_, {}); }
  bool has_postponed() const { return postponed_ != 0; }
  /// Those that are to be told once more count as being told from now on. Where the user's job has had another outcome
  /// since, the older one is settled instead.
  std::vector<Number> take_postponed();

  std::size_t size() const { return outcomes_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  enum class State : std::uint8_t { being_told, postponed, settled };
  struct Outcome {
    StreamId behind;  ///< what was told before
    JobReport report;
    bool again = false;
    State state = State::being_told;
  };

  void drop_settled();

  std::deque<Outcome> outcomes_;
  Number first_ = 0;  ///< the number of outcomes_'s first
  StreamId told_{};
  std::size_t postponed_ = 0;
  std::size_t bytes_ = 0;
  std::vector<std::string> ended_;
};

}  // namespace signalbox::queue
