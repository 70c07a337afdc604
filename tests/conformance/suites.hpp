#pragma once
#include <cstdint>
#include <string>

namespace signalbox::conformance {

/// Each plays the server that one public suite expects, until SIGINT or SIGTERM; the settings are the suite's own.
void serve_engineio(std::uint16_t port, unsigned threads);
void serve_socketio(std::uint16_t port, unsigned threads);
void serve_client(std::uint16_t port, unsigned threads);

/// REDIS_URL of the environment, where the server is one of several nodes; else empty.
std::string redis_url();

}  // namespace signalbox::conformance
