#include "net/own_addresses.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace signalbox::net::test {
namespace {

using reactor::peer_address;

bool has(const std::vector<reactor::PeerAddress>& all, std::string_view one) {
  return std::ranges::find(all, peer_address(one)) != all.end();
}

TEST(AddressesOfListener, are_all_of_the_machine_without_a_host_and_at_the_address_that_stands_for_all) {
  const auto all = addresses_of_listener("");
  EXPECT_TRUE(has(all, "127.0.0.1"));
  EXPECT_EQ(addresses_of_listener("0.0.0.0"), all);
  EXPECT_EQ(addresses_of_listener("::"), all);
}

TEST(AddressesOfListener, are_those_that_the_host_stands_for) {
  EXPECT_EQ(addresses_of_listener("8.8.8.8"), std::vector{peer_address("8.8.8.8")});
  EXPECT_EQ(addresses_of_listener("2a01:4f8::1"), std::vector{peer_address("2a01:4f8::1")});
}

TEST(AddressesOfListener, are_none_of_localhost_or_of_a_name_that_nobody_knows) {
  EXPECT_TRUE(addresses_of_listener("localhost").empty());
  EXPECT_TRUE(addresses_of_listener("no-such-host.invalid").empty());
}

TEST(PublicAddressOfListener, is_one_of_the_internet_or_none) {
  EXPECT_EQ(public_address_of_listener("8.8.8.8"), "8.8.8.8");
  EXPECT_EQ(public_address_of_listener("2a01:4f8::1"), "2a01:4f8::1");
  for (const char* host : {"127.0.0.1", "10.0.0.5", "fe80::1", "localhost"})
    EXPECT_EQ(public_address_of_listener(host), "") << host;
}

}  // namespace
}  // namespace signalbox::net::test
