#include "small_world.hpp"
#include "support/holding_filter.hpp"

// Connections whose bytes pass a filter.
namespace signalbox::net::test {
namespace {

struct FilteredConnections : testing::Test {
  FilteredConnections() {
    PeerAddress peer{};
    fd = world.kernel->connect(peer);
    Stream stream(OwnedFd(world.kernel->accept(1, peer)), std::make_unique<HoldingFilter>());
    world.shard().http().adopt(std::move(stream), peer, *Counted::within(1, world.shared.connections),
                               "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                               "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    world.turn();
  }
  void message(std::string_view text) {
    world.send(fd, HoldingFilter::scrambled(masked_frame(0x81, text)));
    world.turn(20);  // so many bytes a turn as it gives at once
  }
  std::string take() { return HoldingFilter::scrambled(world.take(fd)); }

  World world;
  int fd = -1;
};

TEST_F(FilteredConnections, are_read_on_while_the_filter_has_more_than_it_was_asked_for) {
  EXPECT_TRUE(take().starts_with("HTTP/1.1 101 "));
  message("4one message in many parts");
  EXPECT_TRUE(take().ends_with("4one message in many parts"));
}

TEST_F(FilteredConnections, are_read_on_after_a_pause_though_the_kernel_has_nothing_new) {
  take();
  message("4pause");
  message("4one message in many parts");
  EXPECT_FALSE(take().ends_with("parts"));
  world.control->set_reading(true);
  world.turn(20);
  EXPECT_TRUE(take().ends_with("4one message in many parts"));
}

TEST_F(FilteredConnections, let_the_filter_write_the_rest_when_the_kernel_takes_more) {
  take();
  world.network.at(fd).room = 3;
  message("4hello");
  EXPECT_EQ(world.network.at(fd).out.size(), 3u);
  world.network.at(fd).room = SIZE_MAX;
  world.turn(2);
  EXPECT_TRUE(take().ends_with("4hello"));
}

TEST_F(FilteredConnections, end_when_the_close_frame_has_left_the_filter_too) {
  take();
  world.network.at(fd).room = 0;
  world.send(fd, HoldingFilter::scrambled(masked_frame(0x88, "")));
  world.turn(5);
  EXPECT_FALSE(world.gone(fd));
  world.network.at(fd).room = SIZE_MAX;
  world.turn(3);
  EXPECT_TRUE(world.gone(fd));
  EXPECT_TRUE(take().starts_with("\x88\x02"));
}

}  // namespace
}  // namespace signalbox::net::test
