#pragma once
#include <cstdint>

namespace signalbox::net {

/// What a client has proved: nothing, a login, or API_KEY.
enum class Standing : std::uint8_t { unauthenticated, login, api_key };

}  // namespace signalbox::net
