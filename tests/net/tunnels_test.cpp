#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "node_group.hpp"

// Any node serves any request: clients of three nodes, whose sessions live on the first.
namespace signalbox::net::test {
namespace {

const std::string kUnknown = R"({"code":1,"message":"Session ID unknown"})";

/// Until it is so; false: for five seconds it is not.
bool becomes(const std::function<bool()>& so) {
  for (const TimePoint end = Clock::now() + std::chrono::seconds(5); Clock::now() < end; std::this_thread::yield())
    if (so()) return true;
  return false;
}

/// A client behind a balancer: each connection is to the next node.
class RoundRobin {
 public:
  explicit RoundRobin(std::vector<std::uint16_t> ports) : ports_(std::move(ports)) {}
  Client next() { return Client(ports_[next_++ % ports_.size()]); }
  std::string ask(const std::string& request) {
    Client client = next();
    client.send(request);
    return client.body();
  }

 private:
  std::vector<std::uint16_t> ports_;
  std::size_t next_ = 0;
};

struct Tunnels : testing::Test {
  Tunnels() {
    options.preauth_message_bytes = options.session.max_payload_bytes;
    of_tunnels.open_time = Milliseconds(200);
    of_tunnels.probe_time = Milliseconds(50);
  }
  ~Tunnels() override {
    nodes.clear();
    EXPECT_LE(bus.most_unconfirmed(), static_cast<std::ptrdiff_t>(of_tunnels.windows.first));
  }
  void start(int count = 3) {
    for (int i = 1; i <= count; ++i)
      nodes.push_back(std::make_unique<Node>(bus, "node0" + std::to_string(i), options, of_tunnels));
  }
  Node& node(std::size_t number) { return *nodes[number - 1]; }
  /// Two nodes that say of each little thing that the other's connection has taken it.
  void start_talkative() {
    of_tunnels.windows = {.first = 256, .most = 256};
    bus.set_times([this](const std::string&, const TunnelMessage& message) {
      if (message.kind == TunnelMessage::Kind::taken && message.taken != 0) ++taken;
      return 1;
    });
    start(2);
  }
  /// The server of the session has its GET, whatever becomes of the tunnel.
  bool get_waits() {
    return becomes([this] { return taken != 0; });
  }
  std::uint16_t port(std::size_t number) { return node(number).server.network->port(); }
  /// A polling session on the first node: the target of its requests.
  std::string session(const std::string& transport = kPolling) {
    Client client(port(1));
    client.send(get(kPolling));
    return transport + "&sid=" + sid_of(client.body());
  }
  bool all_closed() {
    return becomes([this] {
      return std::ranges::all_of(nodes, [](const auto& one) {
        const auto counters = one->tunnels.counters();
        return counters.entries + counters.owned == 0;
      });
    });
  }

  Options options;
  cluster::TunnelOptions of_tunnels;
  std::atomic<int> taken{0};
  MemoryBus bus;
  std::vector<std::unique_ptr<Node>> nodes;
};

TEST_F(Tunnels, serve_a_polling_session_whose_every_request_goes_to_the_next_node) {
  start();
  RoundRobin clients({port(1), port(2), port(3)});
  const std::string target = kPolling + "&sid=" + sid_of(clients.ask(get(kPolling)));
  for (int i = 0; i < 10; ++i) {
    Client poll = clients.next();
    poll.send(get(target));
    EXPECT_EQ(clients.ask(post(target, "4hello " + std::to_string(i))), "ok");
    EXPECT_EQ(poll.body(), "4hello " + std::to_string(i));
  }
  EXPECT_TRUE(all_closed());
  const auto second = node(2).tunnels.counters(), third = node(3).tunnels.counters();
  EXPECT_EQ(second.requests + third.requests, 14u);
  EXPECT_EQ(second.broken + third.broken, 0u);
}

TEST_F(Tunnels, end_the_connection_of_a_client_that_would_keep_it) {
  start(2);
  const std::string target = session();
  Client client(port(2));
  client.send(post(target, "4hi"));
  EXPECT_NE(client.answer().find("Connection: close"), std::string::npos);
  EXPECT_TRUE(client.closed());
}

TEST_F(Tunnels, carry_a_post_of_as_many_bytes_as_one_may_have_and_refuse_more) {
  start(2);
  const std::string target = session(), most(options.session.max_payload_bytes - 1, 'x');
  Client sender(port(2)), poll(port(2));
  sender.send(post(target, "4" + most));
  EXPECT_EQ(sender.body(), "ok");
  poll.send(get(target));
  EXPECT_EQ(poll.body(), "4" + most);
  Client too_much(port(2));
  too_much.send(post(target, "44" + most));
  EXPECT_NE(too_much.answer().find(" 413 "), std::string::npos);
  EXPECT_TRUE(becomes([this] { return node(1).server.open == 0; }));
}

TEST_F(Tunnels, relay_an_upgrade_for_life) {
  start(2);
  const std::string target = session(kWebSocket);
  Client client(port(2));
  client.send(upgrade(target) + masked(1, "2probe") + masked(1, "5"));
  EXPECT_TRUE(client.answer().starts_with("HTTP/1.1 101"));
  EXPECT_EQ(client.frame(), "1:3probe");
  const std::string piece(16'384, 'x');
  for (int i = 0; i < 64; ++i) client.send(masked(2, piece));
  for (int i = 0; i < 64; ++i) ASSERT_EQ(client.frame(), "2:" + piece) << i;
  EXPECT_EQ(node(2).tunnels.counters().upgrades, 1u);
  EXPECT_EQ(node(1).tunnels.counters().owned, 1u);
  client.send(masked(8, "\x03\xe8"));
  EXPECT_EQ(client.frame(), "8:\x03\xe8");
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(all_closed());
}

TEST_F(Tunnels, of_a_client_that_does_not_read_hold_up_nobody_else) {
  of_tunnels.windows.most = 64 * 1024;
  options.session.send_queue_bytes = options.session.total_queue_bytes = 1u << 30;
  start(2);
  Client slow(port(2));
  slow.send(upgrade(session(kWebSocket)) + masked(1, "2probe") + masked(1, "5"));
  EXPECT_TRUE(slow.answer().starts_with("HTTP/1.1 101"));
  const std::string frame = masked(2, std::string(16'384, 'x'));
  for (int i = 0; i < 1000; ++i) slow.send(frame);
  const std::string target = session();
  Client other(port(2));
  other.send(post(target, "4hi"));
  EXPECT_EQ(other.body(), "ok");
  slow.close();
  EXPECT_TRUE(all_closed());
}

TEST_F(Tunnels, end_with_a_client_that_goes_while_it_waits) {
  start_talkative();
  Client client(port(2));
  client.send(get(session()));
  ASSERT_TRUE(get_waits());
  client.close();
  EXPECT_TRUE(becomes([this] { return node(1).server.open == 0; })) << "as with a connection of its own";
  EXPECT_TRUE(all_closed());
}

TEST_F(Tunnels, end_with_the_node_of_the_session) {
  start(2);
  Client waiting(port(2));
  waiting.send(get(session()));
  ASSERT_TRUE(becomes([this] { return node(1).tunnels.counters().owned == 1; }));
  node(1).die();
  node(2).on_thread([this] { node(2).tunnels.on_node_gone("node01"); });
  EXPECT_TRUE(waiting.closed());
  EXPECT_EQ(node(2).tunnels.counters().entries, 0u);
}

TEST_F(Tunnels, end_with_the_node_of_the_client) {
  start_talkative();
  Client waiting(port(2));
  waiting.send(get(session()));
  ASSERT_TRUE(get_waits());
  node(2).die();
  node(1).on_thread([this] { node(1).tunnels.on_node_gone("node02"); });
  EXPECT_TRUE(becomes([this] { return node(1).server.open == 0; }));
}

TEST_F(Tunnels, end_with_the_bus_and_the_other_node_hears_of_it_when_it_is_back) {
  of_tunnels.probe_time = Milliseconds(60'000);
  start_talkative();
  Client waiting(port(2));
  waiting.send(get(session()));
  ASSERT_TRUE(get_waits());
  node(1).on_thread([this] { node(1).tunnels.on_bus_lost(); });
  EXPECT_TRUE(becomes([this] { return node(1).server.open == 0; }));
  EXPECT_EQ(node(2).tunnels.counters().entries, 1u);
  node(1).on_thread([this] { node(1).tunnels.on_bus_up(); });
  EXPECT_TRUE(waiting.closed());
}

TEST_F(Tunnels, are_told_where_a_node_ends) {
  of_tunnels.probe_time = Milliseconds(60'000);
  start(2);
  Client waiting(port(2));
  waiting.send(get(session()));
  ASSERT_TRUE(becomes([this] { return node(1).tunnels.counters().owned == 1; }));
  node(1).on_thread([this] { node(1).tunnels.close_all(); });
  EXPECT_TRUE(waiting.closed());
  EXPECT_TRUE(all_closed());
}

TEST_F(Tunnels, are_refused_where_nobody_knows_the_node) {
  start(2);
  for (const std::string& unknown :
       std::vector<std::string>{"nobody" + std::string(28, '0'), "node01garbage", "node01" + std::string(27, '0') + "g",
                                std::string(28, '0'), "node02" + std::string(20, 'A') + "ff000000"}) {
    for (const std::string& request : {get(kPolling + "&sid=" + unknown), post(kPolling + "&sid=" + unknown, "4x")}) {
      Client client(port(2));
      client.send(request);
      EXPECT_EQ(client.body(), kUnknown) << unknown;
    }
    Client client(port(2));
    client.send(upgrade(kWebSocket + "&sid=" + unknown));
    EXPECT_NE(client.answer().find("Session ID unknown"), std::string::npos) << unknown;
  }
  EXPECT_EQ(node(2).tunnels.counters().requests, 0u);
}

TEST_F(Tunnels, bring_the_answer_of_a_node_that_has_no_such_session) {
  start(2);
  Client client(port(2));
  client.send(get(kPolling + "&sid=node01" + std::string(28, '0')));
  EXPECT_EQ(client.body(), kUnknown);
  EXPECT_EQ(node(2).tunnels.counters().requests, 1u);
}

TEST_F(Tunnels, count_among_the_connections_of_both_nodes_and_are_refused_where_these_are_too_many) {
  options.max_connections = 3;
  start(2);
  const auto connections_become = [this](std::size_t of_owner, std::size_t of_entry) {
    return becomes([&] {
      return node(1).server.network->counters().connections == of_owner &&
             node(2).server.network->counters().connections == of_entry;
    });
  };
  Client waiting(port(2));
  waiting.send(get(session()));
  EXPECT_TRUE(connections_become(2, 1)) << "the session's node has both ends of a socket pair";
  Client another(port(2));
  another.send(get(session()));
  EXPECT_NE(another.answer().find(" 503 "), std::string::npos);
  another.close();
  EXPECT_TRUE(connections_become(2, 1));
  waiting.close();
  EXPECT_TRUE(connections_become(0, 0));
}

/// Asks a node without a connection, as a program does that has its own.
struct AskedOf {
  AskedOf(Node& node, const std::string& method, const std::string& target, const std::string& body = {}) {
    const std::string head = method + " " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n";
    pending =
        node.server.network->request(head, body, {}, [this](HttpAnswer got) { answer.set_value(std::move(got)); });
  }
  HttpAnswer get() {
    auto future = answer.get_future();
    return future.wait_for(std::chrono::seconds(5)) == std::future_status::ready ? future.get()
                                                                                 : HttpAnswer{.status = 0};
  }
  std::promise<HttpAnswer> answer;
  PendingRequest pending;
};

TEST_F(Tunnels, serve_requests_without_a_connection_too) {
  start(2);
  const std::string target = session();
  AskedOf poll(node(2), "GET", target), sender(node(2), "POST", target, "4one\r\n\r\ntwo");
  EXPECT_EQ(sender.get().body, "ok");
  const HttpAnswer polled = poll.get();
  EXPECT_EQ(polled.status, 200);
  EXPECT_EQ(polled.body, "4one\r\n\r\ntwo");
  const HttpFields expected{{"Access-Control-Allow-Origin", "*"},
                            {"Content-Type", "text/plain; charset=UTF-8"},
                            {"Cache-Control", "no-store"}};
  EXPECT_TRUE(std::ranges::is_permutation(polled.fields, expected));
  EXPECT_EQ(AskedOf(node(2), "GET", kPolling + "&sid=nobody" + std::string(28, '0')).get().body, kUnknown);
  EXPECT_TRUE(all_closed());
}

TEST_F(Tunnels, of_an_asker_that_has_gone_end) {
  start_talkative();
  AskedOf poll(node(2), "GET", session());
  ASSERT_TRUE(get_waits());
  node(2).server.network->asker_gone(poll.pending);
  EXPECT_TRUE(becomes([this] { return node(1).server.open == 0; }));
  EXPECT_TRUE(all_closed());
}

TEST_F(Tunnels, that_break_off_give_an_asker_503) {
  start(2);
  AskedOf poll(node(2), "GET", session());
  ASSERT_TRUE(becomes([this] { return node(1).tunnels.counters().owned == 1; }));
  node(1).on_thread([this] { node(1).tunnels.close_all(); });
  EXPECT_EQ(poll.get().status, 503);
}

/// One message of a session's POST and GET arrives so often.
struct FaultyBus : Tunnels, testing::WithParamInterface<std::tuple<int, int>> {};
INSTANTIATE_TEST_SUITE_P(Messages, FaultyBus, testing::Combine(testing::Range(0, 10), testing::Values(0, 2)));

TEST_P(FaultyBus, ends_the_tunnel_and_nothing_is_done_twice) {
  start(2);
  const std::string target = session();
  bus.set_times([count = 0](const std::string&, const TunnelMessage&) mutable {
    const auto [which, times] = GetParam();
    return count++ == which ? times : 1;
  });
  Client sender(port(2)), poll(port(2));
  sender.send(post(target, "4once"));
  const std::string answer = sender.body();
  EXPECT_TRUE(answer == "ok" || answer == kUnknown || answer.empty()) << answer;
  sender.close();
  if (answer == "ok") {
    poll.send(get(target));
    const std::string polled = poll.body();
    EXPECT_TRUE(polled == "4once" || polled == kUnknown || polled.empty()) << polled;
  }
  poll.close();
  EXPECT_TRUE(all_closed());
  bus.set_times({});
  Client later(port(2));
  later.send(post(session(), "4again"));
  EXPECT_EQ(later.body(), "ok") << "and the next one is open to all";
}

}  // namespace
}  // namespace signalbox::net::test
