#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connection.hpp"

namespace app {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  Place place = {};
  std::string method = "GET", target = "/", bearer = {}, body = {};
  std::string body_type = "application/json";
  HttpFields fields = {};                    ///< further ones
  std::chrono::milliseconds timeout{10000};  ///< for all of it
};

struct HttpAnswer {
  int status = 0;
  HttpFields fields;
  std::string body;

  /// The value of the first field of this name, in whatever case; empty: there is none.
  std::string_view field(std::string_view name) const;
  /// The values of all fields of this name, with ", " between, as browsers read them. source  RFC 9110 §5.3.
  std::string all_fields(std::string_view name) const;
};

/// One request on a connection of its own; blocks until the answer is whole. Throws HttpError.
///
/// thread  any. source  RFC 9112; a body has a Content-Length, is chunked, or ends with the connection.
HttpAnswer http_send(const HttpRequest& request);

/// The request's head, with its blank line.
std::string http_head(const HttpRequest& request);
/// The answer that comes on this connection; `received` has what came behind its head. Of one that is no upgrade the
/// body is whole. Throws HttpError.
HttpAnswer http_read(Connection& connection, std::string& received);

/// "a b" -> "a%20b". source  RFC 3986 §2.
std::string percent_encode(std::string_view text);

}  // namespace app
