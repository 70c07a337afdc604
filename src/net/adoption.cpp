#include <signalbox/requests.hpp>

namespace signalbox {

std::string_view to_text(Adoption adoption) {
  switch (adoption) {
    case Adoption::adopted:
      return "The connection is the service's now.";
    case Adoption::not_running:
      return "The service does not run.";
    case Adoption::not_a_connection:
      return "The descriptor is no connected stream socket.";
    case Adoption::too_large:
      return "The head and the bytes behind it are larger than MAX_HEAD_BYTES and MAX_PAYLOAD_BYTES together.";
    case Adoption::no_room:
      return "MAX_CONNECTIONS, TOTAL_PARTIAL_BYTES or MAILBOX_MESSAGES is reached.";
  }
  return {};
}

}  // namespace signalbox
