#include "hub/history.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace signalbox::hub {

std::size_t History::cost(const Event& event) {
  constexpr std::size_t kAllocation = 16;
  return sizeof(Kept) + kAllocation + event.frame->memory();
}

std::size_t History::cost(const Broadcast& broadcast) {
  return cost(broadcast.event) + sizeof broadcast + broadcast.source->memory();
}

History::~History() {
  SB_ASSERT(shares_.empty() && !oldest_);
}

void History::add_broadcast(Event event, FrameRef source, std::uint64_t sequence, TimePoint now) {
  while (!broadcasts_.empty() && broadcasts_.front().at + limits_.broadcasts < now) drop_broadcast();
  broadcasts_.push_back({std::move(event), std::move(source), sequence, now});
  bytes_ += cost(broadcasts_.back());
  push_out();
}

bool History::broadcasts_after(std::uint64_t sequence, std::string_view user, std::vector<FrameRef>& out) const {
  if (sequences_gone_to_ > sequence) return false;
  for (auto it = broadcasts_.rbegin(); it != broadcasts_.rend() && it->sequence > sequence; ++it) {
    if (it->source->key() != user) out.push_back(it->source);
  }
  std::ranges::reverse(out);
  return true;
}

std::size_t History::first_broadcast_after(std::uint64_t number) const {
  const auto after = [](std::uint64_t wanted, const Broadcast& broadcast) { return wanted < broadcast.event.number; };
  return static_cast<std::size_t>(std::upper_bound(broadcasts_.begin(), broadcasts_.end(), number, after) -
                                  broadcasts_.begin());
}

void History::drop_broadcast() {
  const Broadcast& oldest = broadcasts_.front();
  bytes_ -= cost(oldest);
  broadcasts_gone_to_ = oldest.event.number;
  sequences_gone_to_ = oldest.sequence;
  broadcasts_.pop_front();
}

void History::push_out() {
  while (bytes_ > limits_.total_bytes && (oldest_ || !broadcasts_.empty())) {
    const bool broadcast =
        !oldest_ || (!broadcasts_.empty() && broadcasts_.front().event.number < oldest_->event.number);
    broadcast ? drop_broadcast() : oldest_->line->drop_oldest();
  }
}

History::Line::Line(History& history, const std::string& owner)
    : history_(history), owner_(*history.shares_.try_emplace(owner).first), share_(owner_.second) {
  share_.lines.push_back(this);
}

History::Line::~Line() {
  while (oldest_) drop_oldest();
  history_.bytes_ -= held_;
  share_.bytes -= held_;
  std::erase(share_.lines, this);
  if (share_.lines.empty()) history_.shares_.erase(history_.shares_.find(owner_.first));
}

void History::Line::add(Event event) {
  SB_ASSERT(event.number >= newest_number_);
  newest_number_ = event.number;
  const std::size_t size = cost(event);
  Kept* kept = new Kept{.event = std::move(event), .line = this};
  (newest_ ? newest_->next : oldest_) = kept;
  newest_ = kept;
  kept->older = history_.newest_;
  (history_.newest_ ? history_.newest_->newer : history_.oldest_) = kept;
  history_.newest_ = kept;
  bytes_ += size;
  share_.bytes += size;
  history_.bytes_ += size;
  if (share_.bytes > history_.limits_.user_bytes) push_out_of_share();
  history_.push_out();
}

void History::Line::drop_oldest() {
  gone_to_ = oldest_->event.number;
  while (oldest_ && oldest_->event.number == gone_to_) {
    Kept* const kept = std::exchange(oldest_, oldest_->next);
    if (!oldest_) newest_ = nullptr;
    (kept->older ? kept->older->newer : history_.oldest_) = kept->newer;
    (kept->newer ? kept->newer->older : history_.newest_) = kept->older;
    const std::size_t size = cost(kept->event);
    bytes_ -= size;
    share_.bytes -= size;
    history_.bytes_ -= size;
    gone_outcome_ = std::max(gone_outcome_, kept->event.outcome);
    delete kept;
  }
}

// Of all the user's sockets here the oldest first.
void History::Line::push_out_of_share() {
  const auto sooner = [](const Line* a, const Line* b) {
    return a->oldest_ && (!b->oldest_ || a->oldest_->event.number < b->oldest_->event.number);
  };
  while (share_.bytes > history_.limits_.user_bytes) {
    Line* line = *std::min_element(share_.lines.begin(), share_.lines.end(), sooner);
    if (!line->oldest_) return;
    line->drop_oldest();
  }
}

void History::Line::listen(std::uint64_t since, std::uint64_t sequence) {
  listens_ = true;
  listens_since_ = since;
  skipped_sequence_ = sequence;
}

void History::Line::had(std::uint64_t number) {
  while (oldest_ && oldest_->event.number <= number) drop_oldest();
}

void History::Line::restore(std::uint64_t number, std::uint64_t outcome) {
  gone_to_ = newest_number_ = number;
  gone_outcome_ = outcome;
}

void History::Line::forgo(std::uint64_t number, std::uint64_t outcome) {
  had(number);
  restore(number, std::max(outcome, gone_outcome_));
}

bool History::Line::whole_after(std::uint64_t number) const {
  return number >= gone_to_ && (!listens_ || history_.broadcasts_gone_to_ <= std::max(number, listens_since_));
}

History::Line::Missed History::Line::after(std::uint64_t number) const {
  Missed missed{.outcome = gone_outcome_};
  const auto& broadcasts = history_.broadcasts_;
  std::size_t next = listens_ ? history_.first_broadcast_after(std::max(number, listens_since_)) : broadcasts.size();
  const auto take_broadcasts = [&](std::uint64_t before) {
    for (; next < broadcasts.size() && broadcasts[next].event.number < before; ++next) {
      const Broadcast& broadcast = broadcasts[next];
      const bool own = broadcast.source->key() == owner_.first;
      if (!own && broadcast.sequence > skipped_sequence_) missed.events.push_back(broadcast.event);
    }
  };
  for (const Kept* kept = oldest_; kept; kept = kept->next) {
    if (kept->event.number <= number) {
      missed.outcome = std::max(missed.outcome, kept->event.outcome);
      continue;
    }
    take_broadcasts(kept->event.number);
    missed.events.push_back(kept->event);
  }
  take_broadcasts(UINT64_MAX);
  return missed;
}

bool History::Line::hold(std::size_t bytes) {
  const std::size_t before = held_;
  const auto set = [this](std::size_t size) {
    share_.bytes += size - held_;
    history_.bytes_ += size - held_;
    held_ = size;
  };
  set(bytes);
  push_out_of_share();
  history_.push_out();
  if (share_.bytes <= history_.limits_.user_bytes) return true;
  set(before);
  return false;
}

}  // namespace signalbox::hub
