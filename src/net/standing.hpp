#pragma once
#include <cstdint>

namespace signalbox::net {

/// What a client has shown of who it is.
enum class Standing : std::uint8_t { unauthenticated, login, api_key };

}  // namespace signalbox::net
