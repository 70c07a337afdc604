#pragma once
#include <string>
#include <vector>

#include "reactor/peer_address.hpp"

namespace signalbox::net {

/// The addresses of this machine at which a listener of `host` (as Options::host) is reached. Those that cannot be
/// found out are left out.
std::vector<reactor::PeerAddress> addresses_of_listener(const std::string& host);
/// One of these that is of the internet, as text; empty: none is.
std::string public_address_of_listener(const std::string& host);

}  // namespace signalbox::net
