#include "hub/local_sockets.hpp"

#include <utility>

#include "base/assert.hpp"
#include "hub/socket_state.hpp"

namespace signalbox::hub {

SocketState* Hub::find(const SocketRef& ref) const {
  return shards[ref.shard]->find(ref.slot, ref.generation);
}

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
  stop_listening(entry);
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

void LocalSockets::listen(const SocketRef& ref, const void* user) {
  SB_ASSERT(find(ref.slot, ref.generation));
  Entry& entry = entries_[ref.slot];
  SB_ASSERT(entry.listening_at == 0);
  listening_.push_back(ref.slot);
  entry.listening_at = static_cast<std::uint32_t>(listening_.size());
  entry.user = user;
}

void LocalSockets::stop_listening(Entry& entry) {
  if (entry.listening_at == 0) return;
  const std::uint32_t last = listening_.back();
  listening_[entry.listening_at - 1] = last;
  entries_[last].listening_at = entry.listening_at;
  listening_.pop_back();
  entry.listening_at = 0;
  entry.user = nullptr;
}

void LocalSockets::broadcast(const Message& message) {
  const FrameRef frame = recovery_ ? recovery_->broadcast(message) : message.frame;
  const bool some_heard = recovery_ && recovery_->some_heard_before();
  for (const std::uint32_t slot : listening_) {
    const Entry& to = entries_[slot];
    if (to.user == message.except) continue;
    if (some_heard && recovery_->heard_before(slot, to.generation, message.number)) continue;
    to.link->send(frame);
  }
}

void LocalSockets::on_message(Message& message) {
  switch (message.kind) {
    case Message::Kind::deliver:
      if (recovery_) return recovery_->deliver(message);
      if (const Entry* to = entry(message.slot, message.generation)) {
        if (message.number != 0) return to->socket->send_outcome(message.frame, message.number);
        to->link->send(std::move(message.frame));
      }
      return;
    case Message::Kind::broadcast:
      return broadcast(message);
    case Message::Kind::task:
      return;  // run by the shard itself
  }
}

}  // namespace signalbox::hub
