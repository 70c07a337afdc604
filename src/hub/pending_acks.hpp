#pragma once
#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include <signalbox/event_registry.hpp>

#include "base/clock.hpp"

namespace signalbox::hub {

/// Outcomes are acknowledged under their numbers, above all ids that emit_with_ack() gives.
inline constexpr std::uint64_t kOutcomeAcks = 1'000'000'000'000;

/// The acknowledgements that one socket owes us, and those of outcomes that it gave. Each callback is called once,
/// whatever happens.
///
/// thread  the socket's shard.
class PendingAcks {
 public:
  std::size_t size() const { return waiting_.size(); }

  std::uint64_t add(OnAck on_ack, TimePoint deadline) {
    const std::uint64_t id = next_id_++;
    waiting_.emplace(id, Waiting{std::move(on_ack), deadline});
    earliest_ = std::min(earliest_, deadline);
    return id;
  }
  /// The callback of that id, taken out; empty for an id that nobody waits for.
  OnAck take(std::uint64_t id) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return {};
    OnAck on_ack = std::move(found->second.on_ack);
    waiting_.erase(found);
    return on_ack;
  }
  std::vector<OnAck> take_all() {
    earliest_ = kNever;
    std::vector<OnAck> out;
    for (auto& [id, waiting] : std::exchange(waiting_, {})) out.push_back(std::move(waiting.on_ack));
    return out;
  }
  std::vector<OnAck> take_late(TimePoint now) {
    std::vector<OnAck> out;
    earliest_ = kNever;
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      if (it->second.deadline <= now) {
        out.push_back(std::move(it->second.on_ack));
        it = waiting_.erase(it);
      } else {
        earliest_ = std::min(earliest_, it->second.deadline);
        ++it;
      }
    }
    return out;
  }
  /// The client was sent outcomes up to this number, and is to acknowledge them.
  void sent_outcome(std::uint64_t number) { newest_sent_ = std::max(newest_sent_, number); }
  /// The client has acknowledged an outcome of this number, which is to be noted by then.
  void note_outcome(std::uint64_t number, TimePoint by) {
    outcome_ = std::max(outcome_, std::min(number, newest_sent_));
    note_outcome_by_ = std::min(note_outcome_by_, by);
  }
  /// The newest of them, taken out; 0: none, or it has time.
  std::uint64_t take_outcome(TimePoint now) {
    if (note_outcome_by_ > now) return 0;
    note_outcome_by_ = kNever;
    return std::exchange(outcome_, 0);
  }
  /// Not later than the first deadline.
  TimePoint next_deadline() const { return std::min(earliest_, note_outcome_by_); }

 private:
  struct Waiting {
    OnAck on_ack;
    TimePoint deadline;
  };
  std::unordered_map<std::uint64_t, Waiting> waiting_;
  std::uint64_t next_id_ = 0;
  TimePoint earliest_ = kNever;
  std::uint64_t newest_sent_ = 0;
  std::uint64_t outcome_ = 0;
  TimePoint note_outcome_by_ = kNever;
};

}  // namespace signalbox::hub
