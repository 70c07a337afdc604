#pragma once
#include <signalbox/config.hpp>

#include "base/limit.hpp"

namespace signalbox::hub {

/// The bounds of one server that clients can reach, or the application for them.
///
/// thread  any.
struct Limits {
  explicit Limits(const Config& config)
      : pending_logins("MAX_PENDING_LOGINS is reached: a client is closed, and tries again", config.max_pending_logins),
        sockets_of_user("MAX_CONNECTIONS_PER_USER is reached: a user's oldest socket is sent away",
                        config.max_connections_per_user),
        client_events("CLIENT_EVENTS_PER_S is reached: the client is read more slowly", config.client_events_per_s),
        connect_payload("a connect payload is larger than PREAUTH_MESSAGE_BYTES: its client is closed",
                        config.preauth_message_bytes),
        send_queue("a client that reads too slowly is closed (SEND_QUEUE_BYTES, TOTAL_QUEUE_BYTES)",
                   config.send_queue_bytes),
        mailbox("MAILBOX_MESSAGES is reached: what is emitted to sockets and rooms is refused",
                config.mailbox_messages) {}

  Limit pending_logins, sockets_of_user, client_events, connect_payload, send_queue, mailbox;
  Limit questions{"a client asks faster than it takes the answers: its questions are refused"};
  Limit middleware_time{"a middleware of the application has not answered within CONNECT_TIMEOUT_MS"};
};

}  // namespace signalbox::hub
