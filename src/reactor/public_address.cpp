#include "reactor/public_address.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace signalbox::reactor {
namespace {

struct Prefix {
  std::string_view first;
  unsigned bits;
};

// One's own networks, a carrier's, loopback, link-local, those of documents and of tests, groups, and what is nobody's.
constexpr std::array<Prefix, 13> kNotPublic = {{{"0.0.0.0", 8},
                                                {"10.0.0.0", 8},
                                                {"100.64.0.0", 10},
                                                {"127.0.0.0", 8},
                                                {"169.254.0.0", 16},
                                                {"172.16.0.0", 12},
                                                {"192.0.0.0", 24},
                                                {"192.0.2.0", 24},
                                                {"192.168.0.0", 16},
                                                {"198.18.0.0", 15},
                                                {"198.51.100.0", 24},
                                                {"203.0.113.0", 24},
                                                {"224.0.0.0", 3}}};
// The internet has this of IPv6, but for the part of documents.
constexpr Prefix kPublicIpv6{"2000::", 3}, kOfDocuments{"2001:db8::", 32};

bool begins_with(const PeerAddress& address, const Prefix& prefix) {
  const PeerAddress first = peer_address(prefix.first);
  const unsigned bits = is_ipv4(first) ? prefix.bits + 96 : prefix.bits;
  const unsigned bytes = bits / 8, rest = bits % 8;
  if (std::memcmp(address.data(), first.data(), bytes) != 0) return false;
  return rest == 0 || (address[bytes] ^ first[bytes]) >> (8 - rest) == 0;
}

}  // namespace

bool is_public(const PeerAddress& address) {
  if (!is_ipv4(address)) return begins_with(address, kPublicIpv6) && !begins_with(address, kOfDocuments);
  return std::ranges::none_of(kNotPublic, [&](const Prefix& prefix) { return begins_with(address, prefix); });
}

}  // namespace signalbox::reactor
