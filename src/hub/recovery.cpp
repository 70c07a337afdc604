#include "hub/recovery.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/json_write.hpp"
#include "base/random.hpp"
#include "hub/local_sockets.hpp"
#include "hub/recoverable_socket.hpp"
#include "hub/registry.hpp"
#include "hub/socket_state.hpp"
#include "recovery/offset.hpp"

namespace signalbox::hub {
namespace {

constexpr std::size_t kPidBytes = 15;          // as hard to guess as a session's id
constexpr std::size_t kPlaceBytes = 1024;      ///< what a socket costs that has gone, roughly, with its user
constexpr std::size_t kUserIds = 3;            ///< so often the user's id is kept for it
constexpr std::size_t kAskFrom = 16 * 1024;    ///< so much is kept of a connected socket before its client is asked
constexpr std::chrono::seconds kAskAfter{5};   ///< or so long
constexpr std::string_view kNobodys = "\x01";  ///< no user's id begins so

bool may_come_back(CloseReason reason) {
  return reason == CloseReason::transport_close || reason == CloseReason::transport_error ||
         reason == CloseReason::ping_timeout || reason == CloseReason::forced_close ||
         reason == CloseReason::server_shutting_down;
}

recovery::History::Limits limits(const Hub& hub) {
  const Config& config = hub.config;
  // A half-open connection is found late, and what was missed on it is older than the window.
  return {.user_bytes = config.recovery_bytes_per_user,
          .total_bytes = config.recovery_total_bytes / std::max<std::size_t>(1, hub.shards.size()),
          .broadcasts = config.recovery_window + config.ping_interval + config.ping_timeout};
}

}  // namespace

Recovery::Recovery(Hub& hub, LocalSockets& local, std::uint32_t shard)
    : hub_(hub), local_(local), shard_(shard), history_(limits(hub)) {}

Recovery::~Recovery() = default;

Recovery::RecoverableSocket* Recovery::find(std::uint32_t slot, std::uint32_t generation) const {
  if (slot >= places_.size() || !places_[slot] || places_[slot]->ref.generation != generation) return nullptr;
  return places_[slot].get();
}

Recovery::RecoverableSocket& Recovery::add(const SocketState& socket, std::string pid) {
  const SocketRef ref = socket.ref();
  if (ref.slot >= places_.size()) places_.resize(ref.slot + 1);
  const std::string user(socket.user_id());
  std::string owner = user;
  if (user.empty()) owner.append(kNobodys).append(pid);
  std::array<char, 20> id{};
  std::ranges::copy(socket.id(), id.begin());
  places_[ref.slot] =
      std::unique_ptr<RecoverableSocket>(new RecoverableSocket{.ref = ref,
                                                               .pid = std::move(pid),
                                                               .user_id = user,
                                                               .nsp = &socket.nsp(),
                                                               .state = RecoverableSocket::State::claiming,
                                                               .id = id,
                                                               .history = {history_, owner}});
  return *places_[ref.slot];
}

std::string Recovery::begin(const SocketState& socket, const users::User* user) {
  RecoverableSocket& place = add(socket, random_id(kPidBytes));
  place.state = RecoverableSocket::State::connected;
  place.user = user;
  place.begin = number_;
  place.withheld = socket.withheld();
  place.epochs.push_back({.shard = shard_, .first = number_ + 1});
  if (user) place.history.listen(number_, sequence_);
  hub_.recovery.put(place.pid, place.ref);
  return place.pid;
}

void Recovery::depart(const SocketState& socket, const users::User* user, CloseReason reason, TimePoint now) {
  const SocketRef ref = socket.ref();
  RecoverableSocket* place = find(ref);
  if (!place) {  // it was not welcomed yet
    local_.vacate(ref);
    return local_.release(ref);
  }
  switch (place->state) {
    case RecoverableSocket::State::claiming:
      place->comes_back = may_come_back(reason);
      return local_.vacate(ref);
    case RecoverableSocket::State::leaving:
      return local_.vacate(ref);
    default:
      break;
  }
  SB_ASSERT(place->user == user);
  local_.vacate(ref);
  if (may_come_back(reason) && wait_for(*place, now)) return;
  if (place->user) hub_.directory.sockets.leave(place->user, ref, now);
  drop(*place);
}

bool Recovery::wait_for(RecoverableSocket& place, TimePoint now) {
  if (!place.history.hold(kPlaceBytes + kUserIds * place.user_id.size())) return false;
  if (place.user) {
    const auto one_too_many = hub_.directory.sockets.leave_for_now(place.user, place.ref, now);
    if (one_too_many) stop_waiting(*one_too_many);
  }
  place.state = RecoverableSocket::State::away;
  place.until = now + hub_.config.recovery_window;
  away_.push_back({place.ref, place.until});
  while (history_.over() && !away_.empty()) {
    RecoverableSocket* oldest = find(away_.front().socket);
    const bool waits = oldest && oldest->state == RecoverableSocket::State::away && oldest->until == away_.front().at;
    away_.pop_front();
    if (waits) give_up(*oldest);
  }
  return true;
}

void Recovery::give_up(RecoverableSocket& place) {
  if (place.user) hub_.directory.sockets.leave(place.user, place.ref, hub_.clocks.steady());
  drop(place);
}

void Recovery::stop_waiting(const SocketRef& socket) {
  static_cast<void>(on(socket.shard, [socket](Recovery& there) {
    RecoverableSocket* place = there.find(socket);
    if (place && place->state == RecoverableSocket::State::away) there.give_up(*place);
  }));
}

void Recovery::drop(RecoverableSocket& place) {
  const SocketRef ref = place.ref;
  hub_.recovery.erase(place.pid, ref);
  places_[ref.slot].reset();
  local_.release(ref);
}

std::string Recovery::offset(std::uint64_t number) const {
  return to_text(recovery::Offset{.run = hub_.recovery.run(), .shard = shard_, .number = number});
}

FrameRef Recovery::with_offset(const FrameRef& source, std::uint64_t number) const {
  std::string tail = ",\"";
  tail.append(offset(number)) += "\"]";
  const std::string_view packet = source->packet();
  return make_frame(false, source->kind(), source->key(), packet.substr(0, packet.size() - 1), tail);
}

std::uint64_t Recovery::sent_to(std::uint32_t slot) const {
  return places_[slot]->history.newest();
}

std::uint64_t Recovery::number_from(std::uint64_t sequence) {
  const recovery::BroadcastNumbers::Block block{
      .number = number_ + 1, .sequence = sequence, .count = sequence_ + 1 - sequence};
  history_.number_broadcasts(block);
  number_ += block.count;
  return block.number;
}

void Recovery::told(std::uint32_t slot, std::uint64_t sequence, std::uint64_t number) {
  places_[slot]->history.told(sequence, number);
}

// Once for all sockets of this shard that get the frame one after the other, with nothing numbered between them.
const FrameRef& Recovery::numbered(const FrameRef& source, std::uint64_t above) {
  if (source_ && &*source_ == &*source && numbered_as_ == number_ && number_ > above) return numbered_;
  source_ = source;
  numbered_as_ = ++number_;
  numbered_ = with_offset(source, number_);
  return numbered_;
}

void Recovery::deliver(Message& message) {
  RecoverableSocket* place = find(message.slot, message.generation);
  if (!place) return;
  if (place->state == RecoverableSocket::State::claiming || place->catches_up) {
    return place->waiting.push_back(std::move(message));
  }
  give(*place, message.frame, message.number);
}

void Recovery::give(RecoverableSocket& place, const FrameRef& source, std::uint64_t outcome) {
  const FrameRef& frame = numbered(source, place.history.newest());
  if (place.state == RecoverableSocket::State::connected) local_.link(place.ref.slot).send(frame);
  keep(place, {.frame = frame, .number = number_, .outcome = outcome});
  if (outcome != 0 && place.state == RecoverableSocket::State::connected) {
    local_.find(place.ref.slot, place.ref.generation)->sent_outcome(outcome);
  }
}

// More than may be kept, or wait for a client, is not copied to give it offsets: all but the last of it goes as it lies
// in the ledger, shared with all who are told of it. Who is lost before that last has a new socket, and the replay
// again.
void Recovery::tell(const SocketState& socket, const users::UserJobs::Replay& replay) {
  std::span<const users::JobEntry> entries(replay.entries);
  RecoverableSocket& place = *find(socket.ref());
  Link& link = local_.link(place.ref.slot);
  std::size_t bytes = 0;
  for (const users::JobEntry& entry : entries) bytes += entry.frame->memory();
  if (bytes > std::min(hub_.config.recovery_bytes_per_user, hub_.config.send_queue_bytes)) {
    std::uint64_t outcome = 0;
    for (const users::JobEntry& entry : entries.first(entries.size() - 1)) {
      link.send_kept(entry.frame);
      if (entry.unread()) outcome = entry.number;
    }
    place.history.forgo(++number_, outcome);
    entries = entries.last(1);
  }
  for (const users::JobEntry& entry : entries) {
    const FrameRef& frame = numbered(entry.frame, place.history.newest());
    link.send(frame);
    keep(place, {.frame = frame, .number = number_, .outcome = entry.unread() ? entry.number : 0});
  }
}

std::uint64_t Recovery::broadcast(const Message& message) {
  sequence_ = message.number;
  history_.add_broadcast(message.frame, sequence_, ++number_, hub_.clocks.steady());
  return number_;
}

void Recovery::emit(const SocketState& socket, std::string_view event, std::string_view arguments,
                    const std::vector<std::string>& attachments) {
  RecoverableSocket& place = *find(socket.ref());
  Link& link = local_.link(place.ref.slot);
  std::string all(arguments);
  if (!all.empty()) all += ',';
  append_json_string(all, offset(++number_));
  recovery::History::Event sent{
      .frame = text_frame(socketio::event_packet(place.nsp->name, {}, event, all, attachments.size())),
      .number = number_};
  link.send(sent.frame);
  std::vector<FrameRef> more;
  for (const std::string& attachment : attachments) link.send(more.emplace_back(binary_frame(attachment)));
  keep(place, std::move(sent));
  for (FrameRef& frame : more) keep(place, {.frame = std::move(frame), .number = number_});
}

void Recovery::keep(RecoverableSocket& place, recovery::History::Event event) {
  place.history.add(std::move(event));
  if (place.state != RecoverableSocket::State::connected || place.asked) return;
  place.history.bytes() >= kAskFrom ? ask(place) : ask_later(place);
}

// Behind all that was sent to it so far.
void Recovery::ask(RecoverableSocket& place) {
  place.asked = true;
  local_.find(place.ref.slot, place.ref.generation)->want_receipt(number_);
}

void Recovery::ask_later(RecoverableSocket& place) {
  if (std::exchange(place.to_ask, true)) return;
  to_ask_.push_back({place.ref, hub_.clocks.steady() + kAskAfter});
}

void Recovery::received(const SocketRef& socket, std::uint64_t number) {
  RecoverableSocket* place = find(socket);
  if (!place) return;
  place->asked = false;
  place->history.received(number);
  if (place->state == RecoverableSocket::State::connected && !place->history.empty()) ask_later(*place);
}

TimePoint Recovery::next_deadline() const {
  // Broadcasts end a second's worth at a time.
  const TimePoint broadcasts = history_.broadcasts_end();
  return std::min({away_.empty() ? kNever : away_.front().at, to_ask_.empty() ? kNever : to_ask_.front().at,
                   broadcasts == kNever ? kNever : broadcasts + std::chrono::seconds(1)});
}

void Recovery::on_timer(TimePoint now) {
  history_.drop_broadcasts(now);
  while (!to_ask_.empty() && to_ask_.front().at <= now) {
    RecoverableSocket* place = find(to_ask_.front().socket);
    to_ask_.pop_front();
    if (!place) continue;
    place->to_ask = false;
    if (place->state == RecoverableSocket::State::connected && !place->asked && !place->history.empty()) ask(*place);
  }
  while (!away_.empty() && away_.front().at <= now) {
    const Deadline gone = away_.front();
    away_.pop_front();
    RecoverableSocket* place = find(gone.socket);
    if (place && place->state == RecoverableSocket::State::away && place->until == gone.at) give_up(*place);
  }
}

}  // namespace signalbox::hub
