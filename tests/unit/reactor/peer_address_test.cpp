#include "reactor/peer_address.hpp"

#include <gtest/gtest.h>

namespace signalbox::reactor {
namespace {

TEST(PeerAddress, is_read_as_it_is_written) {
  for (const char* text : {"127.0.0.1", "::1", "2001:db8::7", "::"}) EXPECT_EQ(to_text(peer_address(text)), text);
}

TEST(PeerAddress, of_ipv4_is_the_same_when_it_comes_as_ipv6) {
  EXPECT_EQ(to_text(peer_address("::ffff:10.0.0.1")), "10.0.0.1");
}

TEST(PeerAddress, of_a_text_that_is_none_is_all_nought) {
  EXPECT_EQ(peer_address("example.com"), PeerAddress{});
  EXPECT_EQ(peer_address(""), PeerAddress{});
}

}  // namespace
}  // namespace signalbox::reactor
