#include "queue/unanswered.hpp"

#include <algorithm>
#include <utility>

namespace signalbox::queue {
namespace {

std::size_t bytes_of(const JobReport& report) {
  return sizeof report + report.user.size() + report.queue.size() + report.job_id.size() + report.members.size();
}

}  // namespace

void Unanswered::restart(StreamId position) {
  first_ += outcomes_.size();
  outcomes_.clear();
  told_ = position;
  postponed_ = bytes_ = 0;
  ended_.clear();
}

Unanswered::Number Unanswered::add(JobReport outcome) {
  bytes_ += bytes_of(outcome);
  outcomes_.push_back({.behind = told_, .report = std::move(outcome)});
  return first_ + outcomes_.size() - 1;
}

void Unanswered::settle(Number number) {
  Outcome& outcome = outcomes_[number - first_];
  if (outcome.state == State::postponed) --postponed_;
  outcome.state = State::settled;
  drop_settled();
}

void Unanswered::postpone(Number number) {
  Outcome& outcome = outcomes_[number - first_];
  if (outcome.state != State::being_told) return;
  outcome.state = State::postponed;
  ++postponed_;
}

std::vector<Unanswered::Number> Unanswered::take_postponed() {
  std::vector<Number> out;
  postponed_ = 0;
  for (std::size_t i = 0; i < outcomes_.size(); ++i) {
    Outcome& outcome = outcomes_[i];
    if (outcome.state != State::postponed) continue;
    const bool newer = has_newer(first_ + i);
    outcome.state = newer ? State::settled : State::being_told;
    if (!newer) out.push_back(first_ + i);
  }
  drop_settled();
  return out;
}

bool Unanswered::has_newer(Number number) const {
  const auto outcome = outcomes_.begin() + static_cast<std::ptrdiff_t>(number - first_);
  return std::any_of(outcome + 1, outcomes_.end(),
                     [&job = outcome->report.job_id](const Outcome& other) { return other.report.job_id == job; });
}

void Unanswered::drop_settled() {
  while (!outcomes_.empty() && outcomes_.front().state == State::settled) {
    bytes_ -= bytes_of(outcomes_.front().report);
    ended_.push_back(std::move(outcomes_.front().report.job_id));
    outcomes_.pop_front();
    ++first_;
  }
}

}  // namespace signalbox::queue
