#include "hub/local_sockets.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/mutex.hpp"
#include "hub/client.hpp"
#include "hub/socket_state.hpp"
#include "hub/traces.hpp"

namespace signalbox::hub {

SocketState* Hub::find(const SocketRef& ref) const {
  return shards[ref.shard]->find(ref.slot, ref.generation);
}

void Hub::send_away(const SocketRef& ref) {
  auto task = [this, ref] {
    SocketState* socket = find(ref);
    if (!socket) return;
    limits.sockets_of_user.reached({{"user", std::string(socket->owner().id())}});
    Client& client = socket->client();
    client.disconnect(*socket, false);
    client.close_if_empty(CloseReason::forced_close, clocks.steady());
  };
  static_cast<void>(mailboxes.post(ref.shard, Message::run(std::move(task))));
}

LocalSockets::LocalSockets(Hub& hub, std::uint32_t shard, const PresenceLimits& limits)
    : hub_(hub), shard_(shard), presence_(limits), outboxes_(*this) {}

LocalSockets::~LocalSockets() = default;

SocketRef LocalSockets::add(SocketState& socket, Link& link) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  entries_[slot].socket = &socket;
  entries_[slot].link = &link;
  return {.shard = shard_, .slot = slot, .generation = entries_[slot].generation};
}

void LocalSockets::vacate(const SocketRef& ref) {
  SB_ASSERT(find(ref.slot, ref.generation));
  Entry& entry = entries_[ref.slot];
  presence_.leave(ref.slot);
  entry.socket = nullptr;
  entry.link = nullptr;
}

void LocalSockets::release(const SocketRef& ref) {
  Entry& entry = entries_[ref.slot];
  SB_ASSERT(entry.generation == ref.generation && !entry.socket);
  ++entry.generation;
  free_.push_back(ref.slot);
}

const LocalSockets::Entry* LocalSockets::entry(std::uint32_t slot, std::uint32_t generation) const {
  if (slot >= entries_.size() || entries_[slot].generation != generation || !entries_[slot].socket) return nullptr;
  return &entries_[slot];
}

SocketState* LocalSockets::find(std::uint32_t slot, std::uint32_t generation) const {
  const Entry* found = entry(slot, generation);
  return found ? found->socket : nullptr;
}

void LocalSockets::on_message(Message& message) {
  SB_DEBUG_ASSERT(Mutex::held() == 0);
  switch (message.kind) {
    case Message::Kind::deliver:
      return outboxes_.deliver(message);
    case Message::Kind::broadcast:
      return presence_.add(message.number, message.frame, message.rest->audience, outboxes_.number_of(message));
    case Message::Kind::task:
      return;  // run by the shard itself
  }
}

void LocalSockets::send(Message& message) {
  const Entry* to = entry(message.slot, message.generation);
  if (!to) return;
  if (message.number == 0) return to->link->send(std::move(message.frame));
  to->socket->send_outcome(message.frame, message.number);
}

void LocalSockets::set_link(std::uint32_t slot, Link& link) {
  entries_[slot].link = &link;
  presence_.set_link(slot, link);
}

Traces& LocalSockets::begin_tracing() {
  if (!traces_) traces_ = std::make_unique<Traces>(*this);
  return *traces_;
}

void LocalSockets::end_trace(std::uint64_t number) {
  if (!traces_) return;
  traces_->end(number);
  if (traces_->none()) traces_.reset();
}

TimePoint LocalSockets::next_deadline() const {
  if (!copies_.empty()) return TimePoint::min();
  return std::min({presence_.next_deadline(), questions_.next_deadline(), outboxes_.next_deadline()});
}

void LocalSockets::on_timer(TimePoint now) {
  copies_.clear();
  presence_.on_timer(now);
  questions_.on_timer(now);
  outboxes_.on_timer(now);
}

}  // namespace signalbox::hub
