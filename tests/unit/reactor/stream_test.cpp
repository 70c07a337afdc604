#include "reactor/stream.hpp"

#include <gtest/gtest.h>

#include "support/holding_filter.hpp"
#include "support/memory_network.hpp"

namespace signalbox::reactor {
namespace {

namespace test = net::test;
using test::HoldingFilter;

struct StreamTest : testing::Test {
  Stream stream(std::unique_ptr<StreamFilter> filter = nullptr) {
    fd = kernel.connect({});
    PeerAddress peer;
    return Stream(OwnedFd(kernel.accept(1, peer)), std::move(filter));
  }
  std::string read(Stream& stream) {
    char bytes[100];
    const long got = stream.read(kernel, bytes);
    return got < 0 ? std::to_string(got) : std::string(bytes, static_cast<std::size_t>(got));
  }
  test::MemoryNetwork::Socket& peer() { return network.at(fd); }

  test::MemoryNetwork network;
  test::MemoryKernel kernel{network};
  int fd = -1;
};

TEST_F(StreamTest, reads_and_writes_its_descriptor_and_counts_what_left) {
  Stream plain = stream();
  peer().in = "hello";
  EXPECT_EQ(read(plain), "hello");
  EXPECT_EQ(plain.read(kernel, {}), -EAGAIN);
  peer().room = 6;
  EXPECT_EQ(plain.write(kernel, "from here"), 6);
  EXPECT_EQ(plain.write(kernel, "nothing"), -EAGAIN);
  EXPECT_EQ(peer().out, "from h");
  peer().unacknowledged = 2;
  EXPECT_EQ(plain.unacknowledged(kernel), 2u);
  EXPECT_EQ(plain.sent(), 6u);
  EXPECT_EQ(plain.arrived(kernel), 4u);
  EXPECT_FALSE(plain.holds_input() || plain.holds_output());
}

TEST_F(StreamTest, moves_with_its_descriptor_and_closes_it_once) {
  Stream first = stream();
  Stream second = std::move(first);
  EXPECT_EQ(first.fd(), -1);
  first.close(kernel);
  EXPECT_TRUE(network.sockets.contains(fd));
  second.end(kernel);
  EXPECT_TRUE(peer().writing_shut);
  second.close(kernel);
  second.close(kernel);
  EXPECT_FALSE(network.sockets.contains(fd));
}

TEST_F(StreamTest, lets_a_filter_stand_before_the_wire) {
  Stream filtered = stream(std::make_unique<HoldingFilter>());
  peer().in = HoldingFilter::scrambled("read in two");
  EXPECT_EQ(read(filtered), "read in");
  EXPECT_TRUE(filtered.holds_input());
  EXPECT_EQ(read(filtered), " two");
  EXPECT_FALSE(filtered.holds_input());

  peer().room = 4;
  EXPECT_EQ(filtered.write(kernel, "written"), 7) << "what it took it keeps";
  EXPECT_TRUE(filtered.holds_output());
  EXPECT_EQ(filtered.sent(), 4u) << "the kernel's bytes are counted";
  EXPECT_EQ(filtered.write(kernel, "more"), -EAGAIN);
  peer().room = 100;
  EXPECT_EQ(filtered.write(kernel, {}), -EAGAIN);
  EXPECT_FALSE(filtered.holds_output());
  EXPECT_EQ(HoldingFilter::scrambled(peer().out), "written");
}

}  // namespace
}  // namespace signalbox::reactor
