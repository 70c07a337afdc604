#pragma once
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http_client.hpp"

namespace app {

/// A WebSocket as a browser opens one: text messages alone, each call with a time limit.
///
/// Blocks; throws HttpError. thread  one. source  RFC 6455.
class WebSocketClient {
 public:
  /// `upgrade`: its target and further fields. The answer instead, where it is no upgrade.
  static std::expected<WebSocketClient, HttpAnswer> open(HttpRequest upgrade);

  void send(std::string_view text, std::chrono::milliseconds timeout);
  /// Nothing: the server has closed. TimedOut: nothing came.
  std::optional<std::string> receive(std::chrono::milliseconds timeout);

 private:
  explicit WebSocketClient(std::unique_ptr<Connection> connection, std::string received)
      : connection_(std::move(connection)), received_(std::move(received)) {}
  std::optional<std::string> take_frame(std::uint8_t& opcode, bool& last);
  void send_frame(std::uint8_t opcode, std::string_view payload);

  std::unique_ptr<Connection> connection_;
  std::string received_;  ///< and not read yet
};

}  // namespace app
