#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "queue/sink.hpp"

namespace signalbox::queue {

/// An outcome that was told, or is being told.
struct ToldOutcome {
  std::string id;
  JobReport::Kind kind;
  std::int64_t finished_ms;
};

/// The newest outcome of each job, so that what comes twice is told once; of so many jobs.
///
/// thread  its owner's.
class RecentOutcomes {
 public:
  /// Two ends of one kind within this time, with no other state between, are one: Celery publishes a time limit twice.
  static constexpr std::int64_t kTwiceMs = 5000;

  explicit RecentOutcomes(std::size_t most) : most_(most) {}
  bool has(const ToldOutcome& outcome) const;
  void note(ToldOutcome outcome);
  /// The job goes on, or its outcome was not taken.
  void forget(std::string_view id);
  std::size_t size() const { return order_.size(); }

 private:
  const std::size_t most_;
  std::list<ToldOutcome> order_;
  std::unordered_map<std::string_view, std::list<ToldOutcome>::iterator> by_id_;  ///< of the texts in order_
};

}  // namespace signalbox::queue
