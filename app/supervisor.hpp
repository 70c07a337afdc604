#pragma once
#include <string_view>

namespace app {

/// Tells whoever started this process and waits for it, systemd with Type=notify or a like: a datagram, such as
/// "READY=1", to the socket that NOTIFY_SOCKET names. Without one nobody is told; one that takes nothing is said on
/// stderr, and no more. source  sd_notify(3).
void tell_supervisor(std::string_view state);

}  // namespace app
