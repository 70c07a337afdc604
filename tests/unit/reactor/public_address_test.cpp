#include "reactor/public_address.hpp"

#include <gtest/gtest.h>

namespace signalbox::reactor {
namespace {

TEST(PublicAddress, is_none_of_this_machine_or_of_a_network_of_ones_own) {
  for (const char* text :
       {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.178.20", "100.64.0.1", "100.127.255.255",
        "169.254.1.1", "0.0.0.0", "::", "::1", "fe80::1", "fc00::1", "fd12::7", "::ffff:192.168.1.1"})
    EXPECT_FALSE(is_public(peer_address(text))) << text;
}

TEST(PublicAddress, is_none_of_documents_or_of_a_group_either) {
  for (const char* text : {"192.0.2.1", "198.51.100.7", "203.0.113.9", "198.19.0.1", "2001:db8::1", "224.0.0.1",
                           "255.255.255.255", "ff02::1"})
    EXPECT_FALSE(is_public(peer_address(text))) << text;
}

TEST(PublicAddress, is_any_other) {
  for (const char* text : {"8.8.8.8", "172.15.255.255", "172.32.0.1", "100.63.255.255", "100.128.0.1", "192.167.1.1",
                           "223.255.255.1", "2a01:4f8::1", "2001:db9::1", "::ffff:8.8.8.8"})
    EXPECT_TRUE(is_public(peer_address(text))) << text;
}

}  // namespace
}  // namespace signalbox::reactor
