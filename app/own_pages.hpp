#pragma once
#include <string_view>

#include <signalbox/websocket_service.hpp>

namespace app {

/// "localhost", 127.0.0.0/8 or ::1, as HOST has it (without a port, and IPv6 without brackets).
bool is_loopback(std::string_view host);

/// Was this asked for under a loopback name? Any page can have a name of its own point to this machine once the browser
/// has loaded it (DNS rebinding), but then its requests go to that name.
bool asked_on_loopback(const signalbox::RouteRequest& request);

/// Does it come from no page, or from one of the very server? Under whichever name that was asked for.
bool from_own_page(const signalbox::RouteRequest& request);

}  // namespace app
