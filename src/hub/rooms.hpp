#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <signalbox/event_registry.hpp>

#include "hub/hub.hpp"
#include "hub/registry.hpp"

namespace signalbox::hub {

// What Socket.IO's adapters do to the sockets of rooms, for those of this node. Every socket is in the room of its own
// id and, where it has a user, in "user:ID"; there are no other rooms.
//
// thread  any but the shards'. What one thread has emitted by the directory before arrives before. With many sockets it
//         takes some turns, and what is emitted to users meanwhile may arrive earlier. Two calls arrive in their order
//         where neither is for users' rooms alone.
// source  socket.io-adapter 2.5, Adapter.apply(); @socket.io/redis-adapter 8.

/// The sockets of a namespace that are in one of the rooms at least, without those that are in any of the others.
struct RoomSelection {
  std::string nsp{kMainNamespace};
  std::vector<std::string> rooms{};  ///< empty: every socket of the namespace, those without a user too
  std::vector<std::string> except{};
};

/// Sends an event to each selected socket once. `arguments` is an array, with placeholders for the attachments. The
/// event has an offset and is kept as any other (RECOVERY_WINDOW_MS); only a socket that moves to another shard at that
/// moment misses it. A volatile event is dropped for a socket for which something waits to be sent, or whose client is
/// away.
///
/// This function does not know of jobs: nothing goes into the ledger, has a receipt, or takes the place of an older
/// event. Nor is the event in the order of broadcasts, and it counts in SEND_QUEUE_BYTES of a slow client. So a job
/// event for users' rooms goes through the emitter, and so does any event for them that needs nothing of this.
std::expected<void, EmitError> emit_to_rooms(Hub& hub, const RoomSelection& to, std::string_view event,
                                             const JsonView& arguments, const Attachments& attachments = {},
                                             bool is_volatile = false);

/// Disconnects each selected socket that is connected (Socket::disconnect).
void disconnect_rooms(Hub& hub, const RoomSelection& of, bool close);

}  // namespace signalbox::hub
