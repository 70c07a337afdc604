#pragma once
#include "base/limit.hpp"
#include "net/door.hpp"
#include "net/options.hpp"
#include "net/standing.hpp"

namespace signalbox::net {

/// A bound of bytes, of which clients without a login may hold half.
struct HolderLimits {
  Limit unauthenticated, users;

  Limit& of(Standing standing) { return standing == Standing::unauthenticated ? unauthenticated : users; }
};

/// The bounds of one server that connections can reach.
///
/// thread  any.
struct Limits {
  explicit Limits(const Options& options)
      : connections("MAX_CONNECTIONS is reached: further ones get 503", options.max_connections),
        unauthenticated("MAX_UNAUTHENTICATED is reached: the oldest session without a login is closed",
                        options.max_unauthenticated),
        unauthenticated_of_address("MAX_UNAUTHENTICATED_PER_ADDRESS is reached: further sessions get 503",
                                   options.max_unauthenticated_per_address),
        unauthenticated_heads("PREAUTH_HEADS_BYTES is reached: the oldest session without a login is closed",
                              options.preauth_heads_bytes),
        partial{Limit("half of TOTAL_PARTIAL_BYTES, or all, is reached: of the clients without a login the one that "
                      "has been longest at what it has not finished is closed",
                      options.total_partial_bytes / 2),
                Limit("TOTAL_PARTIAL_BYTES is reached: of the user whose clients hold most one is closed",
                      options.total_partial_bytes)},
        queued{Limit("half of TOTAL_QUEUE_BYTES, or all, is reached: of the clients without a login the one that has "
                     "been longest at what it does not read is closed",
                     options.session.total_queue_bytes / 2),
               Limit("TOTAL_QUEUE_BYTES is reached: of the user for whom most waits one client is closed",
                     options.session.total_queue_bytes)} {}

  Limit connections;
  Limit unauthenticated;  ///< sessions without a login
  Limit unauthenticated_of_address;
  Limit unauthenticated_heads;
  HolderLimits partial, queued;
  Limit handed_over{
      "what was handed over is refused: MAX_CONNECTIONS, TOTAL_PARTIAL_BYTES or MAILBOX_MESSAGES is reached"};
  Limit side_connections{"a port for operators has all the connections that it may have: further ones get 503",
                         kMaxAtDoor};
  Limit descriptors{"no descriptor is left: connections are closed unanswered"};
  Limit watches{"the kernel watches no more connections (fs.epoll.max_user_watches): they are closed unanswered"};
};

}  // namespace signalbox::net
