#include <gtest/gtest.h>

#include <thread>

#include "node_group.hpp"

// A session on the first node whose client the second one serves.
namespace signalbox::net::test {
namespace {

struct Relays : testing::Test {
  Relays() {
    options.preauth_message_bytes = options.session.max_payload_bytes;
    of_tunnels.probe_time = Milliseconds(50);
  }
  ~Relays() override { nodes.clear(); }
  void start() {
    for (const char* tag : {"node01", "node02"}) nodes.push_back(std::make_unique<Node>(bus, tag, options, of_tunnels));
  }
  Node& node(std::size_t number) { return *nodes[number - 1]; }
  /// A WebSocket of the first node, relayed.
  Client relayed() {
    Client client(node(1).server.network->port());
    client.send(upgrade(kWebSocket) + masked(1, "4relay node02"));
    EXPECT_TRUE(client.answer().starts_with("HTTP/1.1 101"));
    EXPECT_TRUE(client.frame().starts_with("1:0{"));
    EXPECT_EQ(client.frame(), "1:4relayed");
    return client;
  }
  bool becomes(const std::function<bool()>& so) {
    for (const TimePoint end = Clock::now() + std::chrono::seconds(5); Clock::now() < end; std::this_thread::yield())
      if (so()) return true;
    return false;
  }
  bool all_closed() {
    return becomes([this] {
      return node(1).server.network->counters().connections + node(2).server.network->counters().connections == 0 &&
             node(1).tunnels.counters().entries + node(2).tunnels.counters().owned == 0 &&
             node(1).server.open + node(2).server.open == 0;
    });
  }

  Options options;
  cluster::TunnelOptions of_tunnels;
  MemoryBus bus;
  std::vector<std::unique_ptr<Node>> nodes;
};

TEST_F(Relays, pass_on_what_both_sides_say_until_the_client_goes) {
  start();
  Client client = relayed();
  EXPECT_EQ(node(1).server.open, 0);
  EXPECT_EQ(node(2).server.open, 1);
  EXPECT_EQ(node(1).server.network->counters().connections, 3u);  // the client's, and the relay's two descriptors
  EXPECT_EQ(node(1).server.network->counters().relayed, 1u);
  client.send(masked(1, "4hi") + masked(2, "bytes"));
  EXPECT_EQ(client.frame(), "1:4hi");
  EXPECT_EQ(client.frame(), "2:bytes");
  client.close();
  EXPECT_TRUE(all_closed());
}

TEST_F(Relays, serve_a_client_that_polls) {
  start();
  const auto ask = [this](const std::string& request) {
    Client client(node(1).server.network->port());
    client.send(request);
    return client.body();
  };
  const std::string target = kPolling + "&sid=" + sid_of(ask(get(kPolling)));
  EXPECT_EQ(ask(post(target,
                     "4relay node02\x1e"
                     "4held")),
            "ok");
  std::string heard;
  while (!heard.contains("4relayed")) heard += ask(get(target));
  EXPECT_TRUE(heard.starts_with("4held"));  // before the relay began
  EXPECT_EQ(ask(post(target,
                     "4hi\x1e"
                     "bAQID")),
            "ok");
  for (heard.clear(); !heard.contains("bAQID");) heard += ask(get(target)) + '\x1e';
  EXPECT_TRUE(heard.contains("4hi\x1e"
                             "bAQID") ||
              heard.contains("4hi"));
  EXPECT_EQ(ask(post(target, "1")), "ok");
  EXPECT_TRUE(all_closed());
}

TEST_F(Relays, hold_up_each_side_while_the_other_does_not_read) {
  start();
  Client client = relayed();
  constexpr int kCount = 1000;
  const std::string piece(16'384, 'x');
  std::thread sender([&] {
    for (int i = 0; i < kCount; ++i) client.send(masked(2, piece));
  });
  // Nothing is read until no more can be sent: all that waits is in bounds, and nobody is closed for it.
  std::this_thread::yield();
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(client.frame(), "2:" + piece) << i;
  sender.join();
  EXPECT_LE(bus.most_unconfirmed(), static_cast<std::ptrdiff_t>(of_tunnels.windows.most));
  client.close();
  EXPECT_TRUE(all_closed());
}

TEST_F(Relays, answer_the_other_nodes_heartbeat_when_the_client_has_answered) {
  options.session.ping_interval = Milliseconds(100);
  options.session.ping_timeout = Milliseconds(300);
  start();
  Client client = relayed();
  // Two heartbeats reach it, of both nodes, and each answer is for one.
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(client.frame(), "1:2");
    client.send(masked(1, "3"));
  }
  // To a client that is silent both are silent.
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(all_closed());
}

TEST_F(Relays, end_with_the_other_node) {
  start();
  Client client = relayed();
  bus.leave("node02");
  node(1).on_thread([this] { node(1).tunnels.on_node_gone("node02"); });
  EXPECT_EQ(client.frame(), "8:\x03\xe8");
  EXPECT_TRUE(client.closed());
}

TEST_F(Relays, that_cannot_be_had_leave_the_client_where_it_is) {
  start();
  Client client(node(1).server.network->port());
  of_tunnels.open_time = Milliseconds(50);
  client.send(upgrade(kWebSocket) + masked(1, "4relay nobody") + masked(1, "4hi"));
  EXPECT_TRUE(client.answer().starts_with("HTTP/1.1 101"));
  client.frame();
  EXPECT_EQ(client.frame(), "1:4hi");
  node(1).on_thread([this] { node(1).tunnels.on_node_gone("nobody"); });
  EXPECT_EQ(client.frame(), "1:4no");
  client.send(masked(1, "4relay node02"));
  EXPECT_EQ(client.frame(), "1:4relayed");
  client.close();
  EXPECT_TRUE(all_closed());
}

TEST_F(Relays, wait_no_longer_for_a_first_word_than_a_login_may_take) {
  options.connect_timeout = Milliseconds(100);
  start();
  Client client = relayed();
  EXPECT_TRUE(client.closed());
  Client other = relayed();
  other.send(masked(1, "40{}"));  // which the echo says as the other node would
  EXPECT_EQ(other.frame(), "1:40{}");
  EXPECT_TRUE(becomes([this] { return node(1).server.network->counters().unauthenticated == 0; }));
  other.send(masked(1, "4still here"));
  EXPECT_EQ(other.frame(), "1:4still here");
  other.close();
  EXPECT_TRUE(all_closed());
}

}  // namespace
}  // namespace signalbox::net::test
