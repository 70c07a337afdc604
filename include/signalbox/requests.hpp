#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signalbox {

/// What became of a connection that was handed to the service.
enum class Adoption : std::uint8_t {
  adopted,
  not_running,       ///< not started, or stopped
  not_a_connection,  ///< the descriptor is no connected stream socket
  too_large,         ///< more was read of it than MAX_HEAD_BYTES and MAX_PAYLOAD_BYTES together
  no_room,  ///< MAX_CONNECTIONS, TOTAL_PARTIAL_BYTES or MAILBOX_MESSAGES is reached; the peer gets 503 if it can
};

using HttpFields = std::vector<std::pair<std::string, std::string>>;

/// A request that reached the program by another way than a connection of the service's.
struct HttpRequest {
  std::string method = "GET";
  std::string target;      ///< path and query, as sent
  HttpFields fields = {};  ///< Host among them; Content-Length and Transfer-Encoding do not matter
  std::string body = {};
  std::string remote_address = {};  ///< the client's, such as "127.0.0.1"
};

/// Its answer. Whoever writes it adds Content-Length, and leaves the body out if the method was HEAD.
struct HttpAnswer {
  int status = 200;
  HttpFields fields = {};
  std::string body = {};
};
using HttpReply = std::function<void(HttpAnswer)>;

/// Names a request that was given to WebSocketService::handle().
struct PendingRequest {
  std::uint32_t shard = 0;
  std::uint64_t number = 0;
  std::string sid;  ///< the Engine.IO session that it is of, if it is of one
};

/// A sentence for the log.
std::string_view to_text(Adoption adoption);

}  // namespace signalbox
