#pragma once
#include "reactor/peer_address.hpp"

namespace signalbox::reactor {

/// Is it an address of the internet, and not of this machine or of a network of one's own? source  RFC 6890.
bool is_public(const PeerAddress& address);

}  // namespace signalbox::reactor
