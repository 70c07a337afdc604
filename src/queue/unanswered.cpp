#include "queue/unanswered.hpp"

#include <algorithm>
#include <set>
#include <string_view>
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

Unanswered::Number Unanswered::add(JobReport outcome, bool again) {
  bytes_ += bytes_of(outcome);
  outcomes_.push_back({.behind = told_, .report = std::move(outcome), .again = again});
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
  std::set<std::pair<std::string_view, std::string_view>> newer;  // an id that is used again may be another user's
  postponed_ = 0;
  for (std::size_t i = outcomes_.size(); i-- > 0;) {
    Outcome& outcome = outcomes_[i];
    const bool newest = newer.emplace(outcome.report.job_id, outcome.report.user).second;
    if (outcome.state != State::postponed) continue;
    outcome.state = newest ? State::being_told : State::settled;
    if (newest) out.push_back(first_ + i);
  }
  drop_settled();
  std::ranges::reverse(out);
  return out;
}

void Unanswered::drop_settled() {
  while (!outcomes_.empty() && outcomes_.front().state == State::settled) {
    bytes_ -= bytes_of(outcomes_.front().report);
    if (!outcomes_.front().again) ended_.push_back(std::move(outcomes_.front().report.job_id));
    outcomes_.pop_front();
    ++first_;
  }
}

}  // namespace signalbox::queue
