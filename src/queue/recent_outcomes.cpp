#include "queue/recent_outcomes.hpp"

#include <cstdlib>
#include <utility>

namespace signalbox::queue {

bool RecentOutcomes::has(const ToldOutcome& outcome) const {
  const auto found = by_id_.find(outcome.id);
  if (found == by_id_.end()) return false;
  const ToldOutcome& told = *found->second;
  return told.kind == outcome.kind && std::abs(told.finished_ms - outcome.finished_ms) <= kTwiceMs;
}

void RecentOutcomes::note(ToldOutcome outcome) {
  forget(outcome.id);
  const auto at = order_.insert(order_.end(), std::move(outcome));
  by_id_.emplace(at->id, at);
  if (order_.size() > most_) forget(order_.front().id);
}

void RecentOutcomes::forget(std::string_view id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const auto at = found->second;
  by_id_.erase(found);
  order_.erase(at);
}

}  // namespace signalbox::queue
