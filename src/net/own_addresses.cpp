#include "net/own_addresses.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "net/listener.hpp"
#include "reactor/public_address.hpp"

namespace signalbox::net {
namespace {

using reactor::PeerAddress;

struct FreeInterfaces {
  void operator()(ifaddrs* list) const noexcept { freeifaddrs(list); }
};

/// Of all interfaces that are up.
std::vector<PeerAddress> all_of_this_machine() {
  std::vector<PeerAddress> out;
  ifaddrs* found = nullptr;
  if (getifaddrs(&found) != 0) return out;
  const std::unique_ptr<ifaddrs, FreeInterfaces> list(found);
  for (const ifaddrs* one = list.get(); one; one = one->ifa_next) {
    if (!one->ifa_addr || (one->ifa_flags & IFF_UP) == 0) continue;
    const auto family = one->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    sockaddr_storage storage{};
    std::memcpy(&storage, one->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    out.push_back(reactor::peer_address(storage));
  }
  return out;
}

std::vector<std::string> texts_of_host(const std::string& host) {
  if (host == "localhost") return {};  // loopback, whatever the system's files say of it
  try {
    return resolve(host);
  } catch (const std::runtime_error&) {
    return {};  // the listener says so
  }
}

}  // namespace

std::vector<PeerAddress> addresses_of_listener(const std::string& host) {
  if (host.empty()) return all_of_this_machine();
  std::vector<PeerAddress> out;
  for (const std::string& text : texts_of_host(host)) {
    if (text == "0.0.0.0" || text == "::") return all_of_this_machine();
    out.push_back(reactor::peer_address(std::string_view(text).substr(0, text.find('%'))));
  }
  return out;
}

std::string public_address_of_listener(const std::string& host) {
  const auto all = addresses_of_listener(host);
  const auto found = std::ranges::find_if(all, reactor::is_public);
  return found == all.end() ? "" : reactor::to_text(*found);
}

}  // namespace signalbox::net
