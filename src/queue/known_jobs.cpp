#include "queue/known_jobs.hpp"

namespace signalbox::queue {

KnownJob* KnownJobs::find(std::string_view id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  jobs_.splice(jobs_.begin(), jobs_, found->second);
  return &*found->second;
}

KnownJob& KnownJobs::at(std::string_view id) {
  if (KnownJob* known = find(id)) return *known;
  if (jobs_.size() >= most_) erase(std::string(jobs_.back().id));
  jobs_.push_front({.id = std::string(id)});
  by_id_.emplace(jobs_.front().id, jobs_.begin());
  return jobs_.front();
}

void KnownJobs::erase(std::string_view id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const auto job = found->second;
  by_id_.erase(found);
  jobs_.erase(job);
}

void KnownJobs::clear() {
  by_id_.clear();
  jobs_.clear();
}

}  // namespace signalbox::queue
