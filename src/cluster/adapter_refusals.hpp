#pragma once
#include "base/limit.hpp"

namespace signalbox::cluster {

/// What emitters and other nodes publish and this node does not carry out: how often, and a line in the log for each
/// kind, at most once a minute. Callers give the reason as the field "why".
///
/// thread  any.
struct AdapterRefusals {
  Limit unreadable{"a message on a channel of Socket.IO's adapter cannot be read: it is dropped"};
  Limit events{"an event of an emitter or of another node is refused"};
  Limit requests{"socketsJoin() and socketsLeave() are ignored: the only rooms are user:ID and the ids of sockets"};
  Limit unwritable{"an event cannot be told to Node servers: MessagePack has no number for one in it"};
};

}  // namespace signalbox::cluster
