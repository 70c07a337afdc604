#include <algorithm>
#include <iterator>
#include <utility>

#include <signalbox/json_text.hpp>

#include "base/assert.hpp"
#include "hub/client.hpp"
#include "hub/local_sockets.hpp"
#include "hub/recoverable_socket.hpp"
#include "hub/socket_state.hpp"
#include "recovery/offset.hpp"

// How a client finds its socket again, on whatever shard that is.
namespace signalbox::hub {
namespace {

/// Does the client show a number of that shard any more? However often it has been lost since, none of its events may
/// have come through.
bool still_shown(const Epoch& epoch, std::uint64_t received, const std::vector<recovery::History::Event>& missed) {
  if (epoch.first <= received && received <= epoch.last) return true;
  const auto below = [](const recovery::History::Event& event, std::uint64_t number) { return event.number < number; };
  const auto next = std::lower_bound(missed.begin(), missed.end(), epoch.first, below);
  return next != missed.end() && next->number <= epoch.last;
}

std::string text_member(std::string_view object, std::string_view name) {
  const auto value = json_member(object, name);
  return value ? json_string(*value).value_or("") : "";
}

}  // namespace

std::optional<RecoveryWish> read_wish(std::string_view auth) {
  RecoveryWish wish{.pid = text_member(auth, "pid"), .offset = {}};
  if (wish.pid.empty()) return std::nullopt;
  wish.offset = text_member(auth, "offset");
  return wish;
}

bool Recovery::claim(const SocketState& socket, RecoveryWish wish) {
  const auto at = hub_.recovery.find(wish.pid);
  if (!at) return false;
  RecoverableSocket& place = add(socket, wish.pid);
  Claim claim{
      .wish = std::move(wish), .user = std::string(socket.user_id()), .nsp = socket.nsp().name, .by = socket.ref()};
  if (on(at->shard, [claim, at = *at](Recovery& there) { there.on_claim(claim, at); })) return true;
  places_[place.ref.slot].reset();
  return false;
}

void Recovery::on_claim(Claim claim, const SocketRef& at) {
  RecoverableSocket* place = find(at);
  if (!place || place->pid != claim.wish.pid || place->state == RecoverableSocket::State::leaving)
    return pass_on(claim, at);
  if (place->state == RecoverableSocket::State::claiming) {
    // Of two that come while a third is on its way the later has the newer connection.
    if (place->claim) refuse(*place->claim);
    place->claim = std::make_unique<Claim>(std::move(claim));
    return;
  }
  if (place->nsp->name != claim.nsp || place->user_id != claim.user) return refuse(claim);
  const auto received = received_by(*place, claim.wish.offset);
  const bool late = place->state == RecoverableSocket::State::away && place->until <= hub_.clocks.steady();
  if (late || !received || !place->history.whole_after(*received)) {
    if (place->state == RecoverableSocket::State::away) give_up(*place);
    return refuse(claim);
  }
  let_go(*place, std::move(claim), *received);
}

void Recovery::pass_on(const Claim& claim, const SocketRef& from) {
  const auto at = hub_.recovery.find(claim.wish.pid);
  if (!at || *at == from || !on(at->shard, [claim, at = *at](Recovery& there) { there.on_claim(claim, at); })) {
    refuse(claim);
  }
}

void Recovery::refuse(const Claim& claim) {
  static_cast<void>(on(claim.by.shard, [by = claim.by](Recovery& there) { there.on_refused(by); }));
}

void Recovery::on_refused(const SocketRef& by) {
  RecoverableSocket* place = find(by);
  if (!place || place->state != RecoverableSocket::State::claiming) return;
  const auto next = std::move(place->claim);
  places_[by.slot].reset();
  if (next) pass_on(*next, by);
  SocketState* socket = local_.find(by.slot, by.generation);
  if (!socket) return local_.release(by);
  socket->client().on_claim(*socket, nullptr);
}

// An offset of another run or of another login means that the client has received nothing of this socket: it keeps its
// last
// one until the next event.
std::optional<std::uint64_t> Recovery::received_by(const RecoverableSocket& place, const std::string& text) const {
  const auto offset = recovery::read_offset(text);
  if (!offset || offset->run != hub_.recovery.run()) return place.begin;
  for (const Epoch& epoch : place.epochs) {
    if (epoch.shard != offset->shard || offset->number < epoch.first || offset->number > epoch.last) continue;
    if (offset->number > number_) return std::nullopt;  // nobody was given that
    return offset->number;
  }
  return place.begin;
}

// What the directory sent here before it lies in the mailbox, and so before the task that hands over.
void Recovery::let_go(RecoverableSocket& place, Claim claim, std::uint64_t received) {
  place.state = RecoverableSocket::State::leaving;
  place.received = received;
  if (place.user) hub_.directory.sockets.move(place.user, place.ref, claim.by);
  hub_.recovery.put(place.pid, claim.by);
  place.claim = std::make_unique<Claim>(std::move(claim));
  const SocketRef ref = place.ref;
  if (SocketState* socket = local_.find(ref.slot, ref.generation)) socket->taken_over(hub_.clocks.steady());
  static_cast<void>(on(shard_, [ref](Recovery& here) { here.hand_over(ref); }));
}

void Recovery::hand_over(const SocketRef& from) {
  RecoverableSocket& place = *find(from);
  HandOver handed{.by = place.claim->by,
                  .pid = place.pid,
                  .id = place.id,
                  .joined = place.user != nullptr,
                  .whole = place.history.whole_after(place.received),
                  .received = place.received,
                  .missed = place.history.after(place.received),
                  .begin = place.begin,
                  .withheld = place.withheld,
                  .epochs = std::move(place.epochs),
                  .number = number_};
  handed.epochs.back().last = number_;
  std::erase_if(handed.epochs,
                [&](const Epoch& epoch) { return !still_shown(epoch, handed.received, handed.missed.events); });
  drop(place);
  const std::uint32_t shard = handed.by.shard;
  static_cast<void>(
      on(shard, [handed = std::move(handed)](Recovery& there) mutable { there.take(std::move(handed)); }));
}

void Recovery::take(HandOver handed) {
  const SocketRef by = handed.by;
  RecoverableSocket* place = find(by);
  SB_ASSERT(place && place->state == RecoverableSocket::State::claiming);
  if (handed.joined) place->user = hub_.directory.sockets.user_of(place->user_id);
  if (!handed.whole || (handed.joined && !history_.has_broadcasts_after(handed.missed.heard))) {
    if (handed.joined) hub_.directory.sockets.leave(place->user, by, hub_.clocks.steady());
    hub_.recovery.erase(handed.pid, by);
    // Behind what the directory has sent here already: its new login tells that as well.
    static_cast<void>(on(shard_, [by](Recovery& here) { here.on_refused(by); }));
    return;
  }
  auto next = std::move(place->claim);
  settle(*place, handed);
  place->catches_up = true;
  welcome_back(*place, handed);
  if (RecoverableSocket* still = find(by)) catch_up(*still);
  if (next) on_claim(std::move(*next), by);
}

// What a handler has emitted to it in its welcome is behind what came before.
void Recovery::catch_up(RecoverableSocket& place) {
  for (const Message& message : std::exchange(place.waiting, {})) give(place, message.frame, message.number);
  place.catches_up = false;
}

// All that is known of it, before anybody hears of it.
void Recovery::settle(RecoverableSocket& place, HandOver& handed) {
  number_ = std::max(number_, handed.number);
  place.pid = std::move(handed.pid);
  place.id = handed.id;
  place.begin = handed.begin;
  place.withheld = handed.withheld;
  // Broadcasts are told below under the numbers that others heard them under, where these are above its own.
  const auto& missed = handed.missed;
  const std::uint64_t newest =
      missed.events.empty() ? handed.received : std::max(handed.received, missed.events.back().number);
  place.epochs = std::move(handed.epochs);
  place.epochs.push_back({.shard = shard_, .first = newest + 1});
  place.history.restore(handed.received, missed.outcome);
  if (handed.joined) place.history.listen(newest, missed.heard);
  for (const recovery::History::Event& event : missed.events) place.history.add(event);
}

// Behind its own events: who came and went meanwhile has newer numbers.
void Recovery::add_broadcasts(RecoverableSocket& place, recovery::SocketHistory::Missed& missed) {
  auto late = history_.broadcasts_after(missed.heard, place.user_id, place.history.newest(), *this);
  missed.heard = std::max(missed.heard, sequence_);
  place.history.told(missed.heard, late.empty() ? 0 : late.back().number);
  std::ranges::move(late, std::back_inserter(missed.events));
}

void Recovery::welcome_back(RecoverableSocket& place, HandOver& handed) {
  const TimePoint now = hub_.clocks.steady();
  if (SocketState* socket = local_.find(place.ref.slot, place.ref.generation)) {
    place.state = RecoverableSocket::State::connected;
    if (!place.history.empty()) ask_later(place);
    if (place.user) add_broadcasts(place, handed.missed);
    const std::string pid = place.pid;
    const FoundSocket found{.id = place.id,
                            .pid = pid,
                            .user = place.user,
                            .withheld = place.withheld,
                            .heard = handed.missed.heard,
                            .missed = std::move(handed.missed)};
    return socket->client().on_claim(*socket, &found);
  }
  // Its client has gone again meanwhile.
  if (place.comes_back && wait_for(place, now)) return;
  give_up(place);
}

}  // namespace signalbox::hub
