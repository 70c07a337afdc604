#include "net/address_counts.hpp"

#include <gtest/gtest.h>

namespace signalbox::net {
namespace {

TEST(AddressCounts, take_so_many_of_an_address_and_others_all_the_same) {
  const auto one = reactor::peer_address("10.0.0.1"), other = reactor::peer_address("10.0.0.2");
  AddressCounts counts;
  EXPECT_TRUE(counts.add_within(2, one));
  EXPECT_TRUE(counts.add_within(2, one));
  EXPECT_FALSE(counts.add_within(2, one));
  EXPECT_TRUE(counts.add_within(2, other));
  counts.remove(one);
  EXPECT_TRUE(counts.add_within(2, one));
}

TEST(AddressCounts, take_who_comes_back_past_the_limit_and_forget_whom_nobody_is_of) {
  const auto address = reactor::peer_address("::1");
  AddressCounts counts;
  counts.add(address);
  counts.add(address);
  EXPECT_FALSE(counts.add_within(1, address));
  counts.remove(address);
  counts.remove(address);
  counts.remove(address);
  EXPECT_EQ(counts.addresses(), 0u);
  EXPECT_FALSE(counts.add_within(0, address));
  EXPECT_EQ(counts.addresses(), 0u) << "whom it refused it does not keep";
}

}  // namespace
}  // namespace signalbox::net
