#include "recovery/claims.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/assert.hpp"
#include "recovery/offset.hpp"
#include "recovery/recovery_table.hpp"

namespace signalbox::recovery {

using State = NumberedOutbox::State;

namespace {

/// Does the client show a number of that shard any more? However often it has been lost since, none of its events may
/// have come through.
bool still_shown(const Epoch& epoch, std::uint64_t received, const std::vector<History::Event>& missed) {
  if (epoch.first <= received && received <= epoch.last) return true;
  const auto below = [](const History::Event& event, std::uint64_t number) { return event.number < number; };
  const auto next = std::lower_bound(missed.begin(), missed.end(), epoch.first, below);
  return next != missed.end() && next->number <= epoch.last;
}

}  // namespace

bool Claims::claim(SocketFacts socket, Wish wish) {
  const auto at = around_.everywhere.find(wish.pid);
  if (!at) return false;
  Claim claim{.wish = wish, .user = socket.user, .nsp = std::string(socket.nsp), .at = *at, .by = socket.ref};
  const NumberedOutbox& outbox = table_.add(std::move(socket), std::move(wish.pid));
  if (around_.connections.post(at->shard, std::move(claim))) return true;
  table_.erase(outbox);
  return false;
}

void Claims::on_letter(Claim claim) {
  NumberedOutbox* outbox = table_.find(claim.at);
  if (!outbox || outbox->pid != claim.wish.pid || outbox->state == State::leaving) return pass_on(std::move(claim));
  if (outbox->state == State::claiming) {
    // Of two that come while a third is on its way the later has the newer connection.
    if (outbox->claim) refuse(*outbox->claim);
    outbox->claim = std::make_unique<Claim>(std::move(claim));
    return;
  }
  if (outbox->socket.nsp != claim.nsp || outbox->socket.user != claim.user) return refuse(claim);
  const TimePoint now = around_.options.now();
  const auto received = received_by(*outbox, claim.wish.offset);
  const bool late = outbox->away() && outbox->until <= now;
  if (late || !received || !outbox->history.whole_after(*received)) {
    if (outbox->away()) table_.give_up(*outbox, now);
    return refuse(claim);
  }
  let_go(*outbox, std::move(claim), *received);
}

void Claims::pass_on(Claim claim) {
  const SocketRef from = claim.at;
  const auto at = around_.everywhere.find(claim.wish.pid);
  if (!at || *at == from) return refuse(claim);
  claim.at = *at;
  if (!around_.connections.post(at->shard, claim)) refuse(claim);
}

void Claims::refuse(const Claim& claim) {
  static_cast<void>(around_.connections.post(claim.by.shard, ClaimRefused{claim.by}));
}

void Claims::on_letter(const ClaimRefused& letter) {
  NumberedOutbox* outbox = table_.find(letter.by);
  if (!outbox || outbox->state != State::claiming) return;
  const bool gone = outbox->gone;
  const auto next = std::move(outbox->claim);
  table_.erase(*outbox);
  if (next) pass_on(*next);
  gone ? around_.connections.release(letter.by) : around_.connections.answer(letter.by, nullptr);
}

// An offset of another run or of another login means that the client has received nothing of this socket: it keeps its
// last one until the next event.
std::optional<std::uint64_t> Claims::received_by(const NumberedOutbox& outbox, const std::string& text) const {
  const auto offset = read_offset(text);
  if (!offset || offset->run != around_.everywhere.run()) return outbox.begin;
  for (const Epoch& epoch : outbox.epochs) {
    if (epoch.shard != offset->shard || offset->number < epoch.first || offset->number > epoch.last) continue;
    if (offset->number > numbers_.last()) return std::nullopt;  // nobody was given that
    return offset->number;
  }
  return outbox.begin;
}

// What the directory sent here before it lies in the mailbox, and so before the letter that hands over.
void Claims::let_go(NumberedOutbox& outbox, Claim claim, std::uint64_t received) {
  const SocketRef ref = outbox.socket.ref;
  const bool connected = outbox.connected();
  outbox.state = State::leaving;
  outbox.received = received;
  if (outbox.user) around_.directory.move(outbox.user, ref, claim.by);
  around_.everywhere.put(outbox.pid, claim.by);
  outbox.claim = std::make_unique<Claim>(std::move(claim));
  if (connected) around_.connections.take_over(ref);
  static_cast<void>(around_.connections.post(around_.shard, HandOverDue{ref}));
}

void Claims::on_letter(const HandOverDue& letter) {
  NumberedOutbox& outbox = *table_.find(letter.from);
  HandOver handed{.by = outbox.claim->by,
                  .pid = outbox.pid,
                  .id = outbox.socket.id,
                  .joined = outbox.user != nullptr,
                  .whole = outbox.history.whole_after(outbox.received),
                  .received = outbox.received,
                  .missed = outbox.history.after(outbox.received),
                  .begin = outbox.begin,
                  .withheld = outbox.withheld,
                  .epochs = std::move(outbox.epochs),
                  .number = numbers_.last()};
  handed.epochs.back().last = numbers_.last();
  std::erase_if(handed.epochs,
                [&](const Epoch& epoch) { return !still_shown(epoch, handed.received, handed.missed.events); });
  table_.drop(outbox);
  const std::uint32_t shard = handed.by.shard;
  static_cast<void>(around_.connections.post(shard, std::move(handed)));
}

void Claims::on_letter(HandOver handed) {
  const SocketRef by = handed.by;
  NumberedOutbox* outbox = table_.find(by);
  SB_ASSERT(outbox && outbox->state == State::claiming);
  if (handed.joined) outbox->user = around_.directory.user_of(outbox->socket.user);
  if (!handed.whole || (handed.joined && !history_.has_broadcasts_after(handed.missed.heard))) {
    if (handed.joined) around_.directory.leave(outbox->user, by, around_.options.now());
    around_.everywhere.erase(handed.pid, by);
    // Behind what the directory has sent here already: its new login tells that as well.
    static_cast<void>(around_.connections.post(around_.shard, ClaimRefused{by}));
    return;
  }
  const auto next = std::move(outbox->claim);
  settle(*outbox, handed);
  outbox->catches_up = true;
  welcome_back(*outbox, handed);
  if (NumberedOutbox* still = table_.find(by)) catch_up(*still);
  if (!next) return;
  next->at = by;
  on_letter(std::move(*next));
}

// What a handler has emitted to it in its welcome is behind what came before.
void Claims::catch_up(NumberedOutbox& outbox) {
  for (const Message& message : std::exchange(outbox.waiting, {})) sender_.give(outbox, message.frame, message.number);
  outbox.catches_up = false;
}

// All that is known of it, before anybody hears of it.
void Claims::settle(NumberedOutbox& outbox, HandOver& handed) {
  numbers_.rise_above(handed.number);
  outbox.pid = std::move(handed.pid);
  outbox.socket.id = handed.id;
  outbox.begin = handed.begin;
  outbox.withheld = handed.withheld;
  // Broadcasts are told below under the numbers that others heard them under, where these are above its own.
  const auto& missed = handed.missed;
  const std::uint64_t newest =
      missed.events.empty() ? handed.received : std::max(handed.received, missed.events.back().number);
  outbox.epochs = std::move(handed.epochs);
  outbox.epochs.push_back({.shard = around_.shard, .first = newest + 1});
  outbox.history.restore(handed.received, missed.outcome);
  if (handed.joined) outbox.history.listen(newest, missed.heard);
  for (const History::Event& event : missed.events) outbox.history.add(event);
}

// Behind its own events: who came and went meanwhile has newer numbers.
void Claims::add_broadcasts(NumberedOutbox& outbox, SocketHistory::Missed& missed) {
  auto late = history_.broadcasts_after(missed.heard, outbox.socket.user, outbox.history.newest(), sender_);
  missed.heard = std::max(missed.heard, sender_.last_broadcast());
  outbox.history.told(missed.heard, late.empty() ? 0 : late.back().number);
  std::ranges::move(late, std::back_inserter(missed.events));
}

void Claims::welcome_back(NumberedOutbox& outbox, HandOver& handed) {
  const TimePoint now = around_.options.now();
  if (!outbox.gone) {
    outbox.state = State::connected;
    if (!outbox.history.empty()) sender_.ask_later(outbox);
    if (outbox.user) add_broadcasts(outbox, handed.missed);
    const std::string pid = outbox.pid;
    const FoundSocket found{.id = outbox.socket.id,
                            .pid = pid,
                            .user = outbox.user,
                            .withheld = outbox.withheld,
                            .heard = handed.missed.heard,
                            .missed = std::move(handed.missed)};
    return around_.connections.answer(outbox.socket.ref, &found);
  }
  if (outbox.comes_back && table_.wait_for(outbox, now)) return;
  table_.give_up(outbox, now);
}

}  // namespace signalbox::recovery
