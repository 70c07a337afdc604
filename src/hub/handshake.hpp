#pragma once
#include <string>
#include <string_view>

#include <signalbox/event_registry.hpp>

#include "base/handshake_request.hpp"

namespace signalbox::hub {

// A client's handshake as applications see it, read from the request that opened its session. Pure.

/// Everything. `auth` is the connect payload as JSON text.
Handshake read_handshake(const HandshakeRequest& request, std::string_view auth);
/// The value of a field, any case; empty if absent.
std::string header_of(const HandshakeRequest& request, std::string_view name);
/// A decoded parameter of the query, the last one of that name; empty if absent.
std::string query_of(const HandshakeRequest& request, std::string_view name);

}  // namespace signalbox::hub
