#include "net/connections.hpp"

#include <gtest/gtest.h>

#include "parts.hpp"

namespace signalbox::net {
namespace {

using std::chrono::seconds;

struct ConnectionsTest : testing::Test {
  ~ConnectionsTest() override {
    ground.connections.close_all(CloseReason::server_shutting_down);
    EXPECT_TRUE(network.sockets.empty());
    EXPECT_EQ(shared.connections + shared.refused + shared.partial.all + shared.queued.all, 0u);
    EXPECT_EQ(connections.timers() + connections.size(), 0u);
  }
  Connection* open() {
    auto made = std::make_unique<Connection>(ground.accepted());
    made->http = std::make_unique<HttpState>(1000, 10);
    return connections.open(std::move(made), ground.place());
  }

  Shared shared;
  test::MemoryNetwork network;
  test::Ground ground{shared, network};
  Connections& connections = ground.connections;
};

TEST_F(ConnectionsTest, have_names_that_end_with_them_though_the_object_stays_for_the_turn) {
  Connection& connection = *open();
  const auto id = connection.id();
  EXPECT_EQ(connections.find(id), &connection);
  connections.close(connection);
  EXPECT_EQ(connections.find(id), nullptr);
  EXPECT_EQ(connections.size(), 1u);
  EXPECT_EQ(connection.mode, Mode::closed);
  connections.close(connection);
  EXPECT_EQ(ground.ends.size(), 1u) << "it ends once";
  connections.bury();
  EXPECT_EQ(connections.size(), 0u);
}

TEST_F(ConnectionsTest, stay_while_the_end_of_the_turn_has_still_to_look_at_them) {
  Connection& connection = *open();
  connections.touch(connection);
  connections.close(connection);
  connections.bury();
  EXPECT_EQ(connections.size(), 1u);
  int looks = 0;
  connections.look_at_touched([&looks](Connection&) { ++looks; });
  EXPECT_EQ(looks, 0) << "a closed one has nothing to be done";
  connections.bury();
  EXPECT_EQ(connections.size(), 0u);
}

TEST_F(ConnectionsTest, name_a_request_until_the_next_one) {
  Connection& connection = *open();
  connection.http->number = 3;
  const RequestId id{.shard = 0, .slot = connection.slot, .generation = connection.generation, .number = 3};
  EXPECT_EQ(connections.find(id), &connection);
  connection.http->number = 4;
  EXPECT_EQ(connections.find(id), nullptr);
}

TEST_F(ConnectionsTest, say_at_their_end_whether_an_answer_is_owed) {
  Connection& connection = *open();
  connection.http->engine = true;
  connection.http->sid = "some";
  connection.mode = Mode::waiting;
  connections.close(connection, CloseReason::transport_error);
  Connection& other = *open();
  other.http->engine = true;
  other.http->sid = "some";
  connections.close(other);
  EXPECT_EQ(ground.ends, (std::vector<std::pair<CloseReason, bool>>{{CloseReason::transport_error, true},
                                                                    {CloseReason::transport_close, false}}));
}

TEST_F(ConnectionsTest, are_closed_where_a_write_fails) {
  Connection& connection = *open();
  std::size_t taken = 0;
  network.at(ground.fd).room = 2;
  EXPECT_TRUE(connections.write(connection, "abc", taken));
  EXPECT_EQ(taken, 2u);
  EXPECT_TRUE(connection.blocked);
  network.at(ground.fd).broken = true;
  EXPECT_FALSE(connections.write(connection, "c", taken));
  EXPECT_EQ(ground.ends.front().first, CloseReason::transport_error);
}

TEST_F(ConnectionsTest, are_read_until_their_end) {
  Connection& connection = *open();
  EXPECT_FALSE(connections.read(connection)) << "nothing is there";
  network.at(ground.fd).in = "abc";
  const auto got = connections.read(connection);
  ASSERT_TRUE(got);
  EXPECT_EQ(std::string_view(got->data(), got->size()), "abc");
  network.at(ground.fd).ended = true;
  const auto end = connections.read(connection);
  EXPECT_TRUE(end && end->empty());
  network.at(ground.fd).broken = true;
  EXPECT_FALSE(connections.read(connection));
  EXPECT_EQ(connection.mode, Mode::closed);
}

TEST_F(ConnectionsTest, have_a_deadline_that_may_move) {
  Connection& connection = *open();
  const TimePoint begin = ground.loop.now();
  connections.set_deadline(connection, begin + seconds(1));
  connections.set_deadline(connection, begin + seconds(3));
  int due = 0;
  ground.pass(seconds(2));
  connections.run_timers([&due](Connection&) { ++due; });
  EXPECT_EQ(due, 0);
  EXPECT_EQ(connections.next_deadline(), begin + seconds(3));
  ground.pass(seconds(1));
  connections.run_timers([&due](Connection&) { ++due; });
  EXPECT_EQ(due, 1);
  EXPECT_EQ(connections.timers(), 0u);
}

TEST_F(ConnectionsTest, take_their_place_along_where_another_shard_takes_them) {
  Connection& connection = *open();
  const int fd = ground.fd;
  auto [stream, place] = connections.take_out(connection);
  connections.close(connection);
  EXPECT_EQ(stream.fd(), fd);
  EXPECT_TRUE(network.sockets.contains(fd));
  EXPECT_EQ(shared.connections, 1u);
  stream.close(ground.kernel);
}

TEST_F(ConnectionsTest, are_closed_where_the_kernel_watches_no_more) {
  ground.kernel.watches = false;
  EXPECT_EQ(open(), nullptr);
  EXPECT_EQ(shared.connections, 0u);
}

}  // namespace
}  // namespace signalbox::net
