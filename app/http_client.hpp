#pragma once
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace app {

struct HttpRequest {
  std::string host;  ///< a name or an address
  std::uint16_t port = 3000;
  std::string method = "GET", target = "/", bearer = {}, body = {};  ///< a body is JSON
  std::chrono::milliseconds timeout{10000};                          ///< for all of it
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// The server could not be reached, was too slow, or did not answer with HTTP. what() is a sentence for people.
struct HttpError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One request on a connection of its own; blocks until the answer is whole. Throws HttpError.
///
/// thread  any. source  RFC 9112; an answer needs Content-Length or ends with the connection (ours have the first).
HttpAnswer http_send(const HttpRequest& request);

/// "a b" -> "a%20b". source  RFC 3986 §2.
std::string percent_encode(std::string_view text);

}  // namespace app
