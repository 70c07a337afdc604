#include "hub/questions.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "hub/hub.hpp"

namespace signalbox::hub {
namespace {

constexpr TimePoint kNextTurn = TimePoint::min();
constexpr Milliseconds kReadBy{5};         ///< whether answers have been read
constexpr std::chrono::seconds kSweep{1};  ///< who has read all is forgotten

}  // namespace

void Questions::ask(Question question) {
  Asker& asker = askers_[question.user];
  if (const Link* link = question.link) {
    Asking& asking = links_[link];
    if (asking.asker && asking.asker != &asker) std::erase(asking.asker->links, link);
    if (asking.asker != &asker) asker.links.push_back(link);
    asking.asker = &asker;
    asking.under_way = true;
  }
  asker.waiting.push_back(std::move(question));
  line_up(asker);
  due_ = kNextTurn;  // the next turn has room again
  serve();
}

/// Not while an answer is being found: the row is gone through at every question, and many may wait for that.
void Questions::line_up(Asker& asker) {
  if (asker.waiting.empty() || asker.reading || std::exchange(asker.in_row, true)) return;
  row_.push_back(&asker);
}

bool Questions::asks(const Link& link) const {
  const auto found = links_.find(&link);
  return found != links_.end() && found->second.under_way;
}

void Questions::forget(const Link& link) {
  const auto found = links_.find(&link);
  if (found == links_.end()) return;
  Asker& asker = *found->second.asker;
  std::erase(asker.links, &link);
  std::erase_if(asker.waiting, [&](const Question& question) { return question.link == &link; });
  links_.erase(found);
}

void Questions::on_timer(TimePoint now) {
  if (now < due_) return;
  room_ = kBytesATurn;
  due_ = kNever;
  serve();
  if (now >= sweep_at_) {
    sweep();
    sweep_at_ = now + kSweep;
  }
  if (room_ != kBytesATurn) {
    due_ = kNextTurn;
  } else if (due_ == kNever) {
    due_ = !row_.empty() ? now + kReadBy : askers_.empty() ? kNever : sweep_at_;
  }
}

void Questions::serve() {
  for (std::size_t passed_over = 0; room_ != 0 && passed_over < row_.size();) {
    Asker& asker = *row_.front();
    row_.pop_front();
    if (asker.waiting.empty() || asker.reading) {
      asker.in_row = false;
      continue;
    }
    row_.push_back(&asker);
    if (!may_go_on(asker)) {
      ++passed_over;
      continue;
    }
    passed_over = 0;
    Question next = std::move(asker.waiting.front());
    asker.waiting.pop_front();
    answer(asker, std::move(next));
  }
}

bool Questions::may_go_on(Asker& asker) {
  return unread(asker) < std::max<std::size_t>(1, asker.waiting.front().bytes);
}

void Questions::answer(Asker& asker, Question question) {
  asker.reading = true;
  question.answer([this, &asker, link = question.link](Cost cost) {
    asker.reading = false;
    line_up(asker);
    room_ -= std::min(room_, cost.in_bytes());
    due_ = kNextTurn;
    if (link) note(*link, cost.bytes);
  });
}

void Questions::note(const Link& link, std::size_t bytes) {
  const auto found = links_.find(&link);
  if (found == links_.end()) return;  // it has gone meanwhile
  found->second.under_way = false;
  found->second.answered = std::min(found->second.answered, link.held()) + bytes;
}

/// How many bytes of answers the asker's clients have not read.
std::size_t Questions::unread(Asker& asker) {
  std::size_t bytes = 0;
  std::erase_if(asker.links, [&](const Link* link) {
    Asking& asking = links_.at(link);
    asking.answered = std::min(asking.answered, link->held());
    bytes += asking.answered;
    if (asking.under_way || asking.answered != 0) return false;
    links_.erase(link);
    return true;
  });
  return bytes;
}

void Questions::sweep() {
  for (auto next = askers_.begin(); next != askers_.end();) {
    Asker& asker = next->second;
    const bool done = !asker.in_row && !asker.reading && unread(asker) == 0 && asker.links.empty();
    next = done ? askers_.erase(next) : std::next(next);
  }
}

}  // namespace signalbox::hub
