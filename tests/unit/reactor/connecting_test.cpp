#include "reactor/connecting.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>

#include "support/memory_network.hpp"

namespace signalbox::reactor {
namespace {

using net::test::MemoryKernel;
using net::test::MemoryNetwork;
using std::chrono::seconds;
using Listener = MemoryNetwork::Listener;

const Destination kRedis{.address = peer_address("10.0.0.1"), .port = 6379};

TEST(Destinations, are_written_as_people_write_them) {
  EXPECT_EQ(to_text(kRedis), "10.0.0.1:6379");
  EXPECT_EQ(to_text(Destination{.address = peer_address("::1"), .port = 1}), "[::1]:1");
  EXPECT_EQ(to_text(Destination{.path = "/run/redis.sock"}), "/run/redis.sock");
}

struct ConnectingTest : testing::Test {
  ~ConnectingTest() override { EXPECT_TRUE(network.sockets.empty()) << "a descriptor was left open"; }
  /// What a turn of its loop would tell it.
  void turn(Connecting& connecting) {
    std::array<KernelEvent, 4> events;
    const auto count = kernel.wait(events, Milliseconds(0));
    for (std::size_t i = 0; i < count; ++i)
      if (events[i].token == 7) connecting.on_event();
    connecting.on_timer(network.now);
  }

  MemoryNetwork network;
  MemoryKernel kernel{network};
  TimePoint deadline = network.now + seconds(5);
};

TEST_F(ConnectingTest, ends_with_a_descriptor_that_can_be_read_and_written) {
  network.listeners["10.0.0.1:6379"] = Listener::answers;
  Connecting connecting(kernel, kRedis, 7, deadline);
  EXPECT_TRUE(connecting.pending());
  EXPECT_EQ(connecting.next_deadline(), deadline);
  turn(connecting);
  ASSERT_TRUE(connecting.connected());
  EXPECT_EQ(connecting.error(), 0);
  EXPECT_EQ(connecting.next_deadline(), kNever);
  const OwnedFd fd = connecting.take();
  EXPECT_TRUE(kernel.watch(fd.get(), 8, Kernel::kRead)) << "nobody watches it any more";
  EXPECT_EQ(kernel.write(fd.get(), "PING", 4), 4);
  EXPECT_EQ(network.at(fd.get()).out, "PING");
  kernel.close(fd.get());
}

TEST_F(ConnectingTest, fails_where_nobody_listens) {
  Connecting connecting(kernel, kRedis, 7, deadline);
  turn(connecting);
  EXPECT_FALSE(connecting.pending());
  EXPECT_EQ(connecting.error(), ECONNREFUSED);
  EXPECT_LT(connecting.take().get(), 0);
}

TEST_F(ConnectingTest, fails_at_once_where_there_is_no_way) {
  network.listeners["10.0.0.1:6379"] = Listener::unreachable;
  const Connecting connecting(kernel, kRedis, 7, deadline);
  EXPECT_FALSE(connecting.pending());
  EXPECT_EQ(connecting.error(), ENETUNREACH);
  EXPECT_EQ(connecting.next_deadline(), kNever);
}

TEST_F(ConnectingTest, fails_at_its_deadline_where_nobody_answers) {
  network.listeners["10.0.0.1:6379"] = Listener::hangs;
  Connecting connecting(kernel, kRedis, 7, deadline);
  network.now = deadline - Milliseconds(1);
  turn(connecting);
  EXPECT_TRUE(connecting.pending());
  network.now = deadline;
  turn(connecting);
  EXPECT_EQ(connecting.error(), ETIMEDOUT);
  connecting.on_event();
  EXPECT_EQ(connecting.error(), ETIMEDOUT) << "a late event says nothing more";
}

TEST_F(ConnectingTest, succeeds_late_but_in_time) {
  network.listeners["10.0.0.1:6379"] = Listener::hangs;
  Connecting connecting(kernel, kRedis, 7, deadline);
  turn(connecting);
  network.sockets.begin()->second.connecting = false;
  turn(connecting);
  EXPECT_TRUE(connecting.connected());
}

TEST_F(ConnectingTest, fails_where_the_kernel_watches_no_more) {
  kernel.watches = false;
  const Connecting connecting(kernel, kRedis, 7, deadline);
  EXPECT_EQ(connecting.error(), ENOSPC);
}

}  // namespace
}  // namespace signalbox::reactor
