#include <gtest/gtest.h>

#include <chrono>
#include <semaphore>
#include <vector>

#include "echo_server.hpp"

namespace signalbox::net::test {
namespace {

class Network : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Shards, Network, testing::Values(1u, 2u, 3u));

TEST_P(Network, echoes_by_polling_whichever_connection_a_request_takes) {
  EchoServer server(GetParam());
  Client first(server);
  first.send(get(kPolling));
  const auto open = first.body();
  ASSERT_TRUE(open.starts_with("0{\"sid\":\"")) << open;
  const auto session = kPolling + "&sid=" + sid_of(open);
  for (int i = 0; i < 20; ++i) {
    Client poll(server), sender(server);
    poll.send(get(session));
    sender.send(post(session, "4hello " + std::to_string(i)));
    EXPECT_EQ(sender.body(), "ok");
    EXPECT_EQ(poll.body(), "4hello " + std::to_string(i));
  }
}

TEST_P(Network, echoes_by_websocket) {
  EchoServer server(GetParam());
  Client client(server);
  client.send(upgrade(kWebSocket) + masked(1, "4early"));
  const auto answer = client.answer();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101")) << answer;
  EXPECT_NE(answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos);
  EXPECT_TRUE(client.frame().starts_with("1:0{\"sid\":"));
  EXPECT_EQ(client.frame(), "1:4early");
  client.send(masked(2, "bytes") + masked(9, "p1") + masked(9, "p2"));
  const auto a = client.frame(), b = client.frame();
  EXPECT_TRUE((a == "10:p2" && b == "2:bytes") || (b == "10:p2" && a == "2:bytes")) << a << " " << b;
  client.send(masked(8, "\x03\xe8"));
  EXPECT_EQ(client.frame(), "8:\x03\xe8");
  EXPECT_TRUE(client.closed());
}

TEST_P(Network, upgrades_a_session_on_whichever_shard_its_socket_arrives) {
  EchoServer server(GetParam());
  for (int i = 0; i < 20; ++i) {
    Client poll(server), socket(server);
    poll.send(get(kPolling));
    const auto sid = sid_of(poll.body());
    poll.send(post(kPolling + "&sid=" + sid, "4before"));
    ASSERT_EQ(poll.body(), "ok");
    socket.send(upgrade(kWebSocket + "&sid=" + sid) + masked(1, "2probe") + masked(1, "5") + masked(1, "4after"));
    ASSERT_TRUE(socket.answer().starts_with("HTTP/1.1 101"));
    EXPECT_EQ(socket.frame(), "1:3probe");
    EXPECT_EQ(socket.frame(), "1:4before");
    EXPECT_EQ(socket.frame(), "1:4after");
    poll.send(get(kPolling + "&sid=" + sid));
    EXPECT_EQ(poll.body(), R"({"code":3,"message":"Bad request"})");
    Client second(server);
    second.send(upgrade(kWebSocket + "&sid=" + sid));
    ASSERT_TRUE(second.answer().starts_with("HTTP/1.1 101"));
    EXPECT_TRUE(second.frame().starts_with("8:"));
  }
}

/// A POST whose head the server has seen, and whose body is still on its way.
std::string begun_post(Client& client, const std::string& sid, std::size_t size) {
  client.send("POST " + kPolling + "&sid=" + sid +
              " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
  return client.answer();
}

TEST_P(Network, packets_of_a_post_under_way_come_before_those_of_the_websocket) {
  EchoServer server(GetParam());
  for (int i = 0; i < 10; ++i) {
    Client poll(server), poster(server), socket(server);
    poll.send(get(kPolling));
    const auto sid = sid_of(poll.body());
    ASSERT_TRUE(begun_post(poster, sid, 6).starts_with("HTTP/1.1 100"));
    socket.send(upgrade(kWebSocket + "&sid=" + sid) + masked(1, "2probe") + masked(1, "5") + masked(1, "4second"));
    ASSERT_TRUE(socket.answer().starts_with("HTTP/1.1 101"));
    EXPECT_EQ(socket.frame(), "1:3probe");
    poster.send("4first");
    EXPECT_EQ(poster.body(), "ok");
    EXPECT_EQ(socket.frame(), "1:4first");
    EXPECT_EQ(socket.frame(), "1:4second");
  }
}

TEST_P(Network, an_upgrade_goes_on_when_the_post_before_it_breaks) {
  EchoServer server(GetParam());
  Client poll(server), poster(server), socket(server);
  poll.send(get(kPolling));
  const auto sid = sid_of(poll.body());
  ASSERT_TRUE(begun_post(poster, sid, 6).starts_with("HTTP/1.1 100"));
  socket.send(upgrade(kWebSocket + "&sid=" + sid) + masked(1, "2probe") + masked(1, "5") + masked(1, "4on"));
  ASSERT_TRUE(socket.answer().starts_with("HTTP/1.1 101"));
  EXPECT_EQ(socket.frame(), "1:3probe");
  poster.send("4f");
  poster.close();
  EXPECT_EQ(socket.frame(), "1:4on");
}

TEST_P(Network, two_posts_at_once_end_the_session_and_both_are_answered) {
  EchoServer server(GetParam());
  Client poll(server), one(server), two(server);
  poll.send(get(kPolling));
  const auto sid = sid_of(poll.body());
  ASSERT_TRUE(begun_post(one, sid, 2).starts_with("HTTP/1.1 100"));
  ASSERT_TRUE(begun_post(two, sid, 2).starts_with("HTTP/1.1 100"));
  const std::string unknown = R"({"code":1,"message":"Session ID unknown"})";
  two.send("4b");
  EXPECT_EQ(two.body(), unknown);
  one.send("4a");
  EXPECT_EQ(one.body(), unknown);
  poll.send(get(kPolling + "&sid=" + sid));
  EXPECT_EQ(poll.body(), unknown);
  EXPECT_EQ(server.open, 0);
}

TEST_P(Network, answers_an_unknown_sid_the_same_on_every_shard) {
  EchoServer server(GetParam());
  for (int i = 0; i < 10; ++i) {
    Client client(server);
    client.send(get(kPolling + "&sid=abcdefghijklmnopqrstuvwx"));
    const auto answer = client.answer();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << answer;
    EXPECT_NE(answer.find("Access-Control-Allow-Origin: *\r\n"), std::string::npos);
    EXPECT_TRUE(answer.ends_with(R"({"code":1,"message":"Session ID unknown"})")) << answer;
  }
}

TEST_P(Network, refuses_bad_websocket_requests_and_closes) {
  EchoServer server(GetParam());
  const auto refused = [&server](const std::string& request) {
    Client client(server);
    client.send(request);
    const auto answer = client.answer();
    EXPECT_TRUE(client.closed());
    return answer.substr(9, 3);
  };
  auto other_version = upgrade(kWebSocket);
  other_version.replace(other_version.find(": 13"), 4, ": 12");
  EXPECT_EQ(refused(other_version), "426");
  auto bad_key = upgrade(kWebSocket);
  bad_key.replace(bad_key.find("dGhl"), 4, "!!!!");
  EXPECT_EQ(refused(bad_key), "400");
  EXPECT_EQ(refused(upgrade(kWebSocket, "Origin: http://evil\r\n")), "403");
  EXPECT_EQ(refused(upgrade("/socket.io/?EIO=3&transport=websocket")), "400");
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), "400");
}

TEST_P(Network, answers_pipelined_requests_in_their_order) {
  EchoServer server(GetParam());
  Client client(server);
  client.send(get("/a") + post("/b", "1") +
              "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxy\r\n0\r\n\r\n" +
              post("/refuse", "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n") + get("/d"));
  EXPECT_EQ(client.body(), "/a:");
  EXPECT_EQ(client.body(), "/b:1");
  EXPECT_EQ(client.body(), "/c:xy");
  EXPECT_EQ(client.body(), "no");
  EXPECT_EQ(client.body(), "/d:");
}

TEST_P(Network, drains_64_kib_of_a_refused_body_and_closes_past_that_whatever_it_looks_like) {
  EchoServer server(GetParam());
  const std::string smuggled = get("/smuggled");
  const auto body = [&smuggled](std::size_t size) {
    std::string out;
    while (out.size() < size) out += smuggled;
    return out.substr(0, size);
  };
  Client drained(server), closed(server);
  drained.send(post("/refuse", body(64 * 1024)) + get("/next"));
  EXPECT_EQ(drained.body(), "no");
  EXPECT_EQ(drained.body(), "/next:");
  closed.send(post("/refuse", body(64 * 1024 + 1)) + get("/next"));
  EXPECT_EQ(closed.body(), "no");
  EXPECT_EQ(closed.body(), "") << "nothing of it is taken for a request";
  EXPECT_TRUE(closed.closed());
}

TEST_P(Network, serves_200_connections_fed_one_byte_at_a_time) {
  EchoServer server(GetParam());
  std::vector<Client> clients;
  for (int i = 0; i < 200; ++i) clients.emplace_back(server);
  const auto bytes = post("/x", "body") + upgrade(kWebSocket) + masked(1, "4slow");
  for (const char c : bytes)
    for (auto& client : clients) client.send({&c, 1});
  for (auto& client : clients) {
    ASSERT_EQ(client.body(), "/x:body");
    ASSERT_TRUE(client.answer().starts_with("HTTP/1.1 101"));
    ASSERT_TRUE(client.frame().starts_with("1:0"));
    ASSERT_EQ(client.frame(), "1:4slow");
  }
}

TEST_P(Network, tells_a_large_body_from_the_head_and_bids_go_on) {
  EchoServer server(GetParam());
  Client large(server);
  large.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_TRUE(large.answer().starts_with("HTTP/1.1 413"));
  Client polite(server);
  polite.send("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(polite.answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  polite.send("hi");
  EXPECT_EQ(polite.body(), "/x:hi");
}

TEST_P(Network, refuses_a_large_body_of_an_unauthenticated_client_before_it_is_sent_and_ends_the_session) {
  EchoServer server(GetParam());
  for (const std::string length : {"Content-Length: 16385\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n4001\r\n"}) {
    for (int i = 0; i < 8; ++i) {  // over connections of one shard and of another
      Client owner(server), other(server);
      owner.send(get(kPolling));
      const auto sid = sid_of(owner.body());
      other.send("POST " + kPolling + "&sid=" + sid + " HTTP/1.1\r\nHost: x\r\n" + length);
      EXPECT_TRUE(other.answer().starts_with("HTTP/1.1 413")) << length;
      owner.send(get(kPolling + "&sid=" + sid));
      EXPECT_NE(owner.body().find("Session ID unknown"), std::string::npos);
    }
  }
  EXPECT_EQ(server.open, 0);
}

TEST_P(Network, refuses_a_large_body_for_a_session_that_is_not_there_before_it_is_sent) {
  EchoServer server(GetParam());
  for (int i = 0; i < 8; ++i) {
    Client owner(server), other(server);
    owner.send(get(kPolling));
    const auto sid = sid_of(owner.body());
    owner.send(post(kPolling + "&sid=" + sid, "1"));
    EXPECT_EQ(owner.body(), "ok");
    other.send("POST " + kPolling + "&sid=" + sid + " HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n");
    EXPECT_NE(other.body().find("Session ID unknown"), std::string::npos);
  }
}

TEST_P(Network, closes_the_session_whose_waiting_poll_breaks) {
  EchoServer server(GetParam());
  Client client(server);
  client.send(get(kPolling));
  const auto sid = sid_of(client.body());
  EXPECT_EQ(server.open, 1);
  client.send(get(kPolling + "&sid=" + sid));
  // Answers come in order, so this one says that the GET above has arrived on its shard or is on its way there.
  client.close();
  Client other(server);
  std::string answer;
  for (int i = 0; i < 1000 && answer.find("Session ID unknown") == std::string::npos; ++i) {
    usleep(10'000);
    other.send("OPTIONS " + kPolling + " HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(other.answer().starts_with("HTTP/1.1 204"));
    if (server.open == 0) break;
  }
  EXPECT_EQ(server.open, 0);
}

TEST_P(Network, stops_within_two_seconds_and_tells_every_client) {
  auto server = std::make_unique<EchoServer>(GetParam());
  Client socket(*server), poll(*server), idle(*server);
  socket.send(upgrade(kWebSocket));
  socket.answer();
  socket.frame();
  poll.send(get(kPolling));
  const auto sid = sid_of(poll.body());
  poll.send(get(kPolling + "&sid=" + sid));
  usleep(50'000);
  const auto begin = std::chrono::steady_clock::now();
  server->network->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  EXPECT_TRUE(socket.frame().starts_with("8:"));
  EXPECT_EQ(poll.body(), "1");
  EXPECT_TRUE(idle.closed());
  EXPECT_EQ(server->open, 0);
  EXPECT_EQ(server->network->counters().sessions, 0u);
  EXPECT_EQ(server->network->counters().connections, 0u);
}

TEST(Listening, says_that_a_port_is_in_use) {
  EchoServer server(2);
  Options options;
  options.port = server.network->port();
  try {
    EchoServer again(1, options);
    FAIL() << "it started";
  } catch (const std::exception& error) {
    EXPECT_TRUE(std::string_view(error.what()).starts_with("port " + std::to_string(options.port) + " is in use"))
        << error.what();
  }
}

TEST(Drain, leaves_5_ms_between_two_ends_or_what_fits) {
  EXPECT_EQ(drain_pace(0, Milliseconds{5000}), Milliseconds{5});
  EXPECT_EQ(drain_pace(1000, Milliseconds{5000}), Milliseconds{5});
  EXPECT_EQ(drain_pace(50'000, Milliseconds{5000}), std::chrono::microseconds{100});
  EXPECT_EQ(drain_pace(10, Milliseconds{0}), Milliseconds{0});
}

TEST_P(Network, drained_takes_no_session_answers_the_rest_and_tells_when_none_is_left) {
  std::counting_semaphore<> drained{0};
  EchoServer server(GetParam());
  Client poll(server), socket(server);
  poll.send(get(kPolling));
  const auto session = kPolling + "&sid=" + sid_of(poll.body());
  socket.send(upgrade(kWebSocket));
  EXPECT_TRUE(socket.answer().starts_with("HTTP/1.1 101"));
  EXPECT_TRUE(socket.frame().starts_with("1:0{"));
  server.network->drain(Milliseconds{60'000}, [&drained] { drained.release(); });
  EXPECT_TRUE(socket.frame().starts_with("8:"));
  Client newcomer(server), other(server), poll_again(server);
  newcomer.send(upgrade(kWebSocket));
  other.send(get("/other"));
  EXPECT_EQ(other.body(), "/other:");
  EXPECT_FALSE(drained.try_acquire()) << "the polling client has not heard of it";
  poll_again.send(get(session));
  EXPECT_EQ(poll_again.body(), "1");
  EXPECT_TRUE(drained.try_acquire_for(Milliseconds{5000}));
  EXPECT_TRUE(newcomer.answer().starts_with("HTTP/1.1 503"));
}

TEST(Limits, more_connections_are_told_to_come_back_and_the_old_ones_live) {
  Options options;
  options.max_connections = 3;
  EchoServer server(1, options);
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(server);
    clients.back().send(get("/a"));
    ASSERT_EQ(clients.back().body(), "/a:");
  }
  Client fourth(server);
  const auto answer = fourth.answer();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503")) << answer;
  EXPECT_NE(answer.find("Retry-After:"), std::string::npos);
  EXPECT_TRUE(fourth.closed());
  clients[0].send(get("/b"));
  EXPECT_EQ(clients[0].body(), "/b:");
}

TEST(Limits, the_oldest_unauthenticated_session_goes) {
  Options options;
  options.max_unauthenticated = 2;
  EchoServer server(1, options);
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(server);
    clients.back().send(upgrade(kWebSocket));
    clients.back().answer();
    EXPECT_TRUE(clients.back().frame().starts_with("1:0"));
  }
  EXPECT_TRUE(clients[0].frame().starts_with("8:"));
  clients[1].send(masked(1, "4x"));
  EXPECT_EQ(clients[1].frame(), "1:4x");
}

TEST(Limits, a_message_of_an_unauthenticated_client_is_small) {
  EchoServer server(1);
  Client client(server);
  client.send(upgrade(kWebSocket));
  client.answer();
  client.frame();
  client.send(masked(1, std::string(17'000, '4')));
  EXPECT_EQ(client.frame(), std::string("8:\x03\xf1"));  // 1009
}

TEST(Streams, go_on_beside_the_requests_of_others_and_end_with_the_server) {
  Options options;
  options.max_connections = 2;
  EchoServer server(2, options);
  Client follower(server);
  follower.send(get("/goes-on"));
  EXPECT_TRUE(follower.read_until("7\r\na line\n\r\n"));
  EXPECT_EQ(server.network->counters().connections, 1u);
  Client other(server);
  other.send(get("/x"));
  EXPECT_EQ(other.body(), "/x:");
  Client third(server);
  EXPECT_TRUE(third.read_until("503"));
  server.network->stop();
  EXPECT_TRUE(follower.read_until("0\r\n\r\n"));
  EXPECT_TRUE(follower.closed());
}

}  // namespace
}  // namespace signalbox::net::test
