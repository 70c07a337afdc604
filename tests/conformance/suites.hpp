#pragma once
#include <cstdint>

namespace signalbox::conformance {

/// Each plays the server that one public suite expects, until SIGINT or SIGTERM; the settings are the suite's own.
void serve_engineio(std::uint16_t port, unsigned threads);
void serve_socketio(std::uint16_t port, unsigned threads);
void serve_client(std::uint16_t port, unsigned threads);

}  // namespace signalbox::conformance
