#include "users/broadcasts.hpp"

#include <utility>

namespace signalbox::users {

std::expected<void, Refusal> Broadcasts::notice(FrameRef frame, const Audience& to) {
  const Lock lock(order_);
  for (unsigned shard = 0; shard < mailboxes_.shards(); ++shard) {
    if (!mailboxes_.has_room(shard, 1)) return std::unexpected(Refusal::overloaded);
  }
  constexpr std::size_t kPlaceBytes = 96;
  if (!notices_.take(frame, kPlaceBytes * mailboxes_.shards())) return std::unexpected(Refusal::notices_full);
  post(frame, to);
  return {};
}

void Broadcasts::presence(const FrameRef& frame, const Audience& to) {
  const Lock lock(order_);
  post(frame, to);
}

void Broadcasts::forget() {
  const Lock lock(order_);
  notices_.forget();
}

void Broadcasts::post(const FrameRef& frame, const Audience& to) {
  ++number_;
  for (unsigned shard = 0; shard < mailboxes_.shards(); ++shard)
    static_cast<void>(mailboxes_.post(shard, Message::broadcast(frame, to, number_)));
}

}  // namespace signalbox::users
