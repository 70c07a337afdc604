#pragma once
#include <cstdint>
#include <string_view>

namespace signalbox {

/// What became of a connection that was handed to the service.
enum class Adoption : std::uint8_t {
  adopted,
  not_running,       ///< not started, or stopped
  not_a_connection,  ///< the descriptor is no connected stream socket
  too_large,         ///< more was read of it than MAX_HEAD_BYTES and MAX_PAYLOAD_BYTES together
  no_room,  ///< MAX_CONNECTIONS, TOTAL_PARTIAL_BYTES or MAILBOX_MESSAGES is reached; the peer gets 503 if it can
};

/// A sentence for the log.
std::string_view to_text(Adoption adoption);

}  // namespace signalbox
