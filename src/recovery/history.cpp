#include "recovery/socket_history.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace signalbox::recovery {

std::size_t History::cost(const Event& event) {
  constexpr std::size_t kAllocation = 16;
  return sizeof(Kept) + kAllocation + event.frame->memory();
}

// Its frame with an offset is about as large as the source, and is made when somebody is told.
std::size_t History::cost(const Broadcast& broadcast) {
  return sizeof broadcast + 2 * broadcast.frame.source->memory();
}

History::~History() {
  SB_ASSERT(shares_.empty() && !oldest_);
}

void History::add_broadcast(FrameRef source, Audience to, std::uint64_t sequence, std::uint64_t number, TimePoint now) {
  drop_broadcasts(now);
  number_broadcasts({.number = number, .sequence = sequence, .count = 1});
  broadcasts_.push_back({{.source = std::move(source), .number = number}, std::move(to), sequence, number, now});
  bytes_ += cost(broadcasts_.back());
  push_out();
}

void History::number_broadcasts(const BroadcastNumbers::Block& block) {
  bytes_ -= numbers_.bytes();
  numbers_.add(block);
  bytes_ += numbers_.bytes();
}

std::vector<History::Event> History::broadcasts_after(std::uint64_t sequence, std::string_view user, std::uint64_t sent,
                                                      Offsets& offsets) {
  std::vector<Event> out;
  auto next = std::ranges::upper_bound(broadcasts_, sequence, {}, &Broadcast::sequence);
  if (next == broadcasts_.end()) return out;
  if (next->frame.number <= sent) {
    const std::uint64_t first = next->sequence, number = offsets.number_from(first);
    for (auto each = next; each != broadcasts_.end(); ++each) each->frame.number = number + (each->sequence - first);
  }
  for (; next != broadcasts_.end(); ++next) {
    if (!next->audience.has(user)) continue;
    out.push_back({.frame = next->frame.with_offset(offsets), .number = next->frame.number});
  }
  return out;
}

void History::drop_broadcasts(TimePoint now) {
  while (broadcasts_end() < now) drop_broadcast();
}

void History::drop_broadcast() {
  bytes_ -= cost(broadcasts_.front()) + numbers_.bytes();
  sequences_gone_to_ = broadcasts_.front().sequence;
  broadcasts_.pop_front();
  numbers_.forget(sequences_gone_to_);
  bytes_ += numbers_.bytes();
}

void History::push_out() {
  while (bytes_ > limits_.total_bytes && (oldest_ || !broadcasts_.empty())) {
    const bool broadcast = !oldest_ || (!broadcasts_.empty() && broadcasts_.front().came < oldest_->event.number);
    broadcast ? drop_broadcast() : oldest_->history->drop_oldest();
  }
}

SocketHistory::SocketHistory(History& history, const std::string& owner)
    : history_(history), owner_(*history.shares_.try_emplace(owner).first), share_(owner_.second) {
  share_.histories.push_back(this);
}

SocketHistory::~SocketHistory() {
  while (oldest_) drop_oldest();
  history_.bytes_ -= held_;
  share_.bytes -= held_;
  std::erase(share_.histories, this);
  if (share_.histories.empty()) history_.shares_.erase(history_.shares_.find(owner_.first));
}

void SocketHistory::add(Event event) {
  SB_ASSERT(event.number >= newest_number_);
  newest_number_ = event.number;
  const std::size_t size = History::cost(event);
  Kept* kept = new Kept{.event = std::move(event), .history = this, .before = told_};
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

void SocketHistory::drop_oldest() {
  gone_to_ = oldest_->event.number;
  gone_told_ = oldest_->before;
  while (oldest_ && oldest_->event.number == gone_to_) {
    Kept* const kept = std::exchange(oldest_, oldest_->next);
    if (!oldest_) newest_ = nullptr;
    (kept->older ? kept->older->newer : history_.oldest_) = kept->newer;
    (kept->newer ? kept->newer->older : history_.newest_) = kept->older;
    const std::size_t size = History::cost(kept->event);
    bytes_ -= size;
    share_.bytes -= size;
    history_.bytes_ -= size;
    gone_outcome_ = std::max(gone_outcome_, kept->event.outcome);
    delete kept;
  }
}

// Of all the user's sockets here the oldest first.
void SocketHistory::push_out_of_share() {
  const auto sooner = [](const SocketHistory* a, const SocketHistory* b) {
    return a->oldest_ && (!b->oldest_ || a->oldest_->event.number < b->oldest_->event.number);
  };
  while (share_.bytes > history_.limits_.user_bytes) {
    SocketHistory* socket = *std::min_element(share_.histories.begin(), share_.histories.end(), sooner);
    if (!socket->oldest_) return;
    socket->drop_oldest();
  }
}

void SocketHistory::listen(std::uint64_t since, std::uint64_t sequence) {
  listens_ = true;
  since_ = {.sequence = sequence, .number = since};
  told_ = {.sequence = sequence};
}

void SocketHistory::told(std::uint64_t sequence, std::uint64_t number) {
  told_ = {.sequence = sequence, .number = std::max(number, told_.number)};
}

void SocketHistory::received(std::uint64_t number) {
  while (oldest_ && oldest_->event.number <= number) drop_oldest();
}

void SocketHistory::restore(std::uint64_t number, std::uint64_t outcome) {
  gone_to_ = newest_number_ = number;
  gone_told_ = told_;
  gone_outcome_ = outcome;
}

void SocketHistory::forgo(std::uint64_t number, std::uint64_t outcome) {
  received(number);
  restore(number, std::max(outcome, gone_outcome_));
}

bool SocketHistory::whole_after(std::uint64_t number) const {
  if (number < gone_to_) return false;
  if (!listens_) return true;
  const auto heard = heard_by(number);
  return heard && history_.has_broadcasts_after(*heard);
}

/// Up to which broadcast a client has heard all, if it has received everything up to this number. Nothing: it is not
/// known any more.
std::optional<std::uint64_t> SocketHistory::heard_by(std::uint64_t number) const {
  if (number <= since_.number) return since_.sequence;
  const Kept* next = oldest_;
  Told last = gone_to_ == number ? gone_told_ : Told();
  bool own = gone_to_ == number;
  for (; next && next->event.number <= number; next = next->next) {
    own = next->event.number == number;
    last = next->before;
  }
  const Told& before = next ? next->before : told_;
  if (before.number <= number) return before.sequence;
  return own ? std::optional(last.sequence) : history_.numbers_.sequence_of(number);
}

SocketHistory::Missed SocketHistory::after(std::uint64_t number) const {
  Missed missed{.outcome = gone_outcome_, .heard = listens_ ? heard_by(number).value_or(0) : 0};
  for (const Kept* kept = oldest_; kept; kept = kept->next) {
    if (kept->event.number <= number) {
      missed.outcome = std::max(missed.outcome, kept->event.outcome);
    } else {
      missed.events.push_back(kept->event);
    }
  }
  return missed;
}

bool SocketHistory::hold(std::size_t bytes) {
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

}  // namespace signalbox::recovery
