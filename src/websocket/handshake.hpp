#pragma once
#include <string>
#include <string_view>

namespace signalbox::websocket {

/// Is this the base64 of exactly 16 bytes? source  RFC 6455 §4.1.
bool valid_key(std::string_view sec_websocket_key);
/// The value of Sec-WebSocket-Accept. source  RFC 6455 §4.2.2.
std::string accept_key(std::string_view sec_websocket_key);

}  // namespace signalbox::websocket
