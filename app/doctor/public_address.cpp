#include "doctor/public_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <string>

namespace app::doctor {
namespace {

struct Range {
  std::uint32_t first;
  unsigned bits;
};

// Those of the server's own list (src/reactor/public_address.cpp), which a program may not ask; a test holds them
// together.
constexpr std::array<Range, 13> kNotPublic = {{{0x00000000, 8},
                                               {0x0a000000, 8},
                                               {0x64400000, 10},
                                               {0x7f000000, 8},
                                               {0xa9fe0000, 16},
                                               {0xac100000, 12},
                                               {0xc0000000, 24},
                                               {0xc0000200, 24},
                                               {0xc0a80000, 16},
                                               {0xc6120000, 15},
                                               {0xc6336400, 24},
                                               {0xcb007100, 24},
                                               {0xe0000000, 3}}};

bool is_public(std::uint32_t address) {
  return std::ranges::none_of(kNotPublic,
                              [&](Range range) { return (address ^ range.first) >> (32 - range.bits) == 0; });
}

bool is_public(const in6_addr& address) {
  constexpr std::array<std::uint8_t, 4> kOfDocuments = {0x20, 0x01, 0x0d, 0xb8};
  const auto* bytes = std::begin(address.s6_addr);
  return (bytes[0] & 0xe0) == 0x20 && !std::ranges::equal(kOfDocuments, std::span(bytes, kOfDocuments.size()));
}

}  // namespace

bool is_public_address(std::string_view address) {
  const std::string text(address.substr(0, address.find('%')));  // without the interface of a link-local one
  in_addr four{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return is_public(ntohl(four.s_addr));
  in6_addr six{};
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return false;
  if (IN6_IS_ADDR_V4MAPPED(&six)) return is_public_address(text.substr(text.rfind(':') + 1));
  return is_public(six);
}

}  // namespace app::doctor
