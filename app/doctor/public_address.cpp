#include "doctor/public_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>

namespace app::doctor {
namespace {

struct Range {
  std::uint32_t first;
  unsigned bits;
};

// This network, three of one's own, those of carriers, loopback, link-local.
constexpr std::array<Range, 7> kOwn = {{{0x00000000, 8},
                                        {0x0a000000, 8},
                                        {0xac100000, 12},
                                        {0xc0a80000, 16},
                                        {0x64400000, 10},
                                        {0x7f000000, 8},
                                        {0xa9fe0000, 16}}};

bool is_public(std::uint32_t address) {
  return std::ranges::none_of(kOwn, [&](Range range) { return (address ^ range.first) >> (32 - range.bits) == 0; });
}

}  // namespace

bool is_public_address(std::string_view address) {
  const std::string text(address.substr(0, address.find('%')));  // without the interface of a link-local one
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return is_public(ntohl(four.s_addr));
  in6_addr six{};
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return false;
  if (IN6_IS_ADDR_V4MAPPED(&six)) return is_public_address(text.substr(text.rfind(':') + 1));
  const bool unique_local = (six.s6_addr[0] & 0xfe) == 0xfc;
  return !unique_local && !IN6_IS_ADDR_LOOPBACK(&six) && !IN6_IS_ADDR_UNSPECIFIED(&six) && !IN6_IS_ADDR_LINKLOCAL(&six);
}

}  // namespace app::doctor
