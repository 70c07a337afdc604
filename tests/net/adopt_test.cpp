#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <set>
#include <vector>

#include "front.hpp"

// Connections that somebody else accepted.
namespace signalbox::net::test {
namespace {

struct Adopt : testing::Test {
  Adoption adopt(EchoServer& server, std::string head, std::string rest = {}) {
    OwnedFd fd(front.accept());
    const PeerAddress peer = reactor::peer_address(fd.get());
    return server.network->adopt(Stream(std::move(fd)), std::move(head), std::move(rest), peer);
  }
  std::string open_session(EchoServer& server) {
    Client client(server);
    client.send(get(kPolling));
    return sid_of(client.body());
  }
  Front front;
};

TEST_F(Adopt, upgrades_and_takes_the_frames_that_came_behind_the_head) {
  EchoServer server(1);
  Client client = front.connect();
  ASSERT_EQ(adopt(server, upgrade(kWebSocket), masked(1, "4one")), Adoption::adopted);
  EXPECT_TRUE(client.read_until("\r\n\r\n"));
  EXPECT_NE(client.answer().find("101 Switching Protocols"), std::string::npos);
  EXPECT_TRUE(client.frame().starts_with("1:0{"));
  EXPECT_EQ(client.frame(), "1:4one");
  client.send(masked(1, "4two"));
  EXPECT_EQ(client.frame(), "1:4two");
  EXPECT_EQ(server.network->counters().connections, 1u);
}

TEST_F(Adopt, takes_a_unix_socket_whose_client_is_elsewhere) {
  EchoServer server(1);
  int both[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
  const OwnedFd ours(both[0]);
  ASSERT_EQ(server.network->adopt(Stream(OwnedFd(both[1])), get("/x"), {}, reactor::peer_address("10.1.2.3")),
            Adoption::adopted);
  char answer[12] = {};
  EXPECT_EQ(::recv(ours.get(), answer, sizeof answer, MSG_WAITALL), 12);
  EXPECT_TRUE(std::string_view(answer, sizeof answer).starts_with("HTTP/1.1 "));
}

TEST_F(Adopt, answers_polling_and_whatever_follows_on_the_connection) {
  EchoServer server(4);
  Client client = front.connect();
  ASSERT_EQ(adopt(server, get(kPolling)), Adoption::adopted);
  const std::string sid = sid_of(client.body());
  client.send(post(kPolling + "&sid=" + sid, "4hello"));
  EXPECT_EQ(client.body(), "ok");
  client.send(get(kPolling + "&sid=" + sid));
  EXPECT_EQ(client.body(), "4hello");
}

TEST_F(Adopt, gives_an_answer_that_goes_on) {
  EchoServer server(2);
  Client client = front.connect();
  ASSERT_EQ(adopt(server, get("/goes-on")), Adoption::adopted);
  EXPECT_TRUE(client.read_until("7\r\na line\n\r\n"));
}

TEST_F(Adopt, reads_on_a_body_of_which_a_part_was_read) {
  EchoServer server(2);
  Client client = front.connect();
  ASSERT_EQ(adopt(server, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n", "abc"), Adoption::adopted);
  client.send("def" + get("/next"));
  EXPECT_EQ(client.body(), "/x:abcdef");
  EXPECT_EQ(client.body(), "/next:");
}

TEST_F(Adopt, takes_a_head_that_is_not_whole_yet) {
  EchoServer server(1);
  Client client = front.connect();
  ASSERT_EQ(adopt(server, "GET /x HTTP/1.1\r\nHo"), Adoption::adopted);
  client.send("st: x\r\n\r\n");
  EXPECT_EQ(client.body(), "/x:");
}

TEST_F(Adopt, brings_a_websocket_to_the_shard_of_its_session) {
  EchoServer server(4);
  for (int i = 0; i < 8; ++i) {
    const std::string sid = open_session(server);
    Client client = front.connect();
    ASSERT_EQ(adopt(server, upgrade(kWebSocket + "&sid=" + sid), masked(1, "2probe")), Adoption::adopted);
    EXPECT_NE(client.answer().find(" 101 "), std::string::npos);
    EXPECT_EQ(client.frame(), "1:3probe");
  }
}

TEST_F(Adopt, gives_each_shard_as_many) {
  EchoServer server(4);
  std::multiset<unsigned> shards;
  std::vector<Client> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(front.connect());
    ASSERT_EQ(adopt(server, get(kPolling)), Adoption::adopted);
    const std::string sid = sid_of(clients.back().body());
    const auto place = engineio::place_of(sid);
    ASSERT_TRUE(place);
    shards.insert(place->shard);
  }
  EXPECT_EQ(shards, (std::multiset<unsigned>{0, 0, 1, 1, 2, 2, 3, 3}));
}

TEST_F(Adopt, counts_among_the_connections_and_is_told_where_there_is_no_room) {
  Options options;
  options.max_connections = 1;
  EchoServer server(1, options);
  Client first = front.connect();
  ASSERT_EQ(adopt(server, get("/x")), Adoption::adopted);
  EXPECT_EQ(first.body(), "/x:");
  Client second = front.connect();
  EXPECT_EQ(adopt(server, get("/x")), Adoption::no_room);
  EXPECT_NE(second.answer().find(" 503 "), std::string::npos);
  EXPECT_TRUE(second.closed());
  EXPECT_EQ(server.network->counters().connections, 1u);
}

TEST_F(Adopt, counts_what_was_read_among_all_that_is_not_whole) {
  Options options;
  options.total_partial_bytes = 1000;
  EchoServer server(1, options);
  Client client = front.connect();
  EXPECT_EQ(adopt(server, get("/x"), std::string(1000, 'x')), Adoption::no_room);
  EXPECT_NE(client.answer().find(" 503 "), std::string::npos);
  EXPECT_EQ(server.network->counters().partial_bytes, 0u);
  EXPECT_EQ(server.network->counters().connections, 0u);
}

TEST_F(Adopt, is_held_to_the_limits_of_a_head_and_of_a_body) {
  Options options;
  options.max_head_bytes = 200;
  options.session.max_payload_bytes = 1000;
  EchoServer server(1, options);
  Client head = front.connect();
  ASSERT_EQ(adopt(server, "GET /" + std::string(300, 'x')), Adoption::adopted);
  EXPECT_NE(head.answer().find(" 431 "), std::string::npos);
  Client rest = front.connect();
  EXPECT_EQ(adopt(server, get("/x"), std::string(1200, 'x')), Adoption::too_large);
  EXPECT_TRUE(rest.closed());
}

TEST_F(Adopt, closes_what_is_no_connection) {
  EchoServer server(1);
  const int file = ::open("/dev/null", O_RDONLY);
  EXPECT_EQ(server.network->adopt(Stream(OwnedFd(file)), get("/x"), {}, {}), Adoption::not_a_connection);
  EXPECT_EQ(::fcntl(file, F_GETFD), -1);
  const int unconnected = ::socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_EQ(server.network->adopt(Stream(OwnedFd(unconnected)), get("/x"), {}, {}), Adoption::not_a_connection);
  EXPECT_EQ(server.network->adopt(Stream(OwnedFd(-1)), get("/x"), {}, {}), Adoption::not_a_connection);
}

TEST_F(Adopt, is_refused_before_the_start_and_after_the_end) {
  const auto unused = net::Network::create({}, {});
  Client early = front.connect();
  EXPECT_EQ(unused->adopt(Stream(OwnedFd(front.accept())), get("/x"), {}, {}), Adoption::not_running);
  EXPECT_TRUE(early.closed());
  EchoServer server(2);
  server.network->stop();
  Client late = front.connect();
  EXPECT_EQ(adopt(server, get("/x")), Adoption::not_running);
  EXPECT_TRUE(late.closed());
  EXPECT_EQ(server.network->counters().connections, 0u);
}

TEST_F(Adopt, is_all_that_comes_in_where_there_is_no_port) {
  Options options;
  options.listen = false;
  EchoServer server(2, options);
  EXPECT_EQ(server.network->port(), 0);
  Client client = front.connect();
  ASSERT_EQ(adopt(server, upgrade(kWebSocket), masked(1, "4one")), Adoption::adopted);
  EXPECT_NE(client.answer().find(" 101 "), std::string::npos);
  EXPECT_TRUE(client.frame().starts_with("1:0{"));
  EXPECT_EQ(client.frame(), "1:4one");
}

TEST_F(Adopt, has_the_peers_address) {
  Options options;
  options.max_unauthenticated_per_address = 1;
  EchoServer server(1, options);
  Client first = front.connect();
  ASSERT_EQ(adopt(server, get(kPolling)), Adoption::adopted);
  EXPECT_NE(first.answer().find(" 200 "), std::string::npos);
  Client second(server);  // by the server's own port, from the same address
  second.send(get(kPolling));
  EXPECT_NE(second.answer().find(" 503 "), std::string::npos);
}

}  // namespace
}  // namespace signalbox::net::test
