#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::websocket {

enum class ClientFrame : std::uint8_t { text = 1, binary = 2, pong = 10 };

/// Appends a client's frame, whose payload is the two parts one behind the other. The masking key is nought: it guards
/// against proxies that take a payload for HTTP, and is of no use where there is none. Pure.
///
/// source  RFC 6455 §5.2, §5.3.
void append_client_frame(std::string& out, ClientFrame kind, std::string_view first, std::string_view second = {});

}  // namespace signalbox::websocket
