#pragma once
#include <cstdint>
#include <string>

namespace signalbox {

/// The part of the request that opened a session which is kept while its client is there. A handshake is read from it
/// when the application asks.
struct HandshakeRequest {
  std::string head;  ///< lines that end in \n: the target, then "name:value" for each field
  std::string remote_address;
  std::int64_t issued_ms = 0;  ///< Unix time
};

}  // namespace signalbox
