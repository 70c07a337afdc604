#include <gtest/gtest.h>

#include "http_server_fixture.hpp"

namespace signalbox::net {
namespace {

using test::HttpServerTest;
using test::request;

TEST_F(HttpServerTest, gives_a_whole_request_to_the_application_wherever_the_stream_is_cut) {
  const int fd = connect();
  for (const char byte : request("POST", "/a", "hello")) take(fd, std::string(1, byte));
  EXPECT_EQ(application.requests, std::vector<std::string>{"/a:hello"});
  const auto answer = flushed(fd);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_TRUE(answer.ends_with("Content-Length: 8\r\nConnection: keep-alive\r\n\r\n/a:hello"));
}

TEST_F(HttpServerTest, lets_a_request_wait_for_the_answer_to_the_one_before) {
  const int fd = connect();
  take(fd, request("GET", "/late") + request("GET", "/next"));
  EXPECT_EQ(application.requests.size(), 1u);
  EXPECT_EQ(flushed(fd), "");
  application.answer(application.ids[0], {.status = 202, .fields = {}, .body = {}});
  const auto answers = flushed(fd);
  EXPECT_TRUE(answers.starts_with("HTTP/1.1 202 ")) << answers;
  EXPECT_TRUE(answers.ends_with("/next:")) << answers;
}

TEST_F(HttpServerTest, answers_a_request_once) {
  const int fd = connect();
  take(fd, request("GET", "/late"));
  application.answer(application.ids[0], {.status = 200, .fields = {}, .body = "one"});
  application.answer(application.ids[0], {.status = 200, .fields = {}, .body = "two"});
  EXPECT_TRUE(flushed(fd).ends_with("one"));
}

TEST_F(HttpServerTest, throws_the_body_of_a_refused_request_away) {
  const int fd = connect();
  take(fd, request("POST", "/no", "GET /not-a-request HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(status(fd), "401");
  take(fd, request("GET", "/yes"));
  EXPECT_EQ(application.requests, std::vector<std::string>{"/yes:"});
}

TEST_F(HttpServerTest, counts_what_is_half_here) {
  const int fd = connect();
  const auto whole = request("POST", "/a", std::string(80, 'x'));
  take(fd, whole.substr(0, whole.size() - 10));
  EXPECT_GT(shared.partial.all, 70u);
  take(fd, whole.substr(whole.size() - 10));
  EXPECT_EQ(status(fd), "200");
  EXPECT_EQ(shared.partial.all, 0u);
}

TEST_F(HttpServerTest, gives_a_request_that_does_not_come_408) {
  const int fd = connect();
  take(fd, "GET / HT");
  ground.pass(shared.options.head_timeout);
  ground.connections.run_timers([this](Connection& connection) { http.on_deadline(connection); });
  EXPECT_EQ(status(fd), "408");
}

TEST_F(HttpServerTest, takes_nothing_of_a_held_body_until_it_is_let_in) {
  const int fd = connect();
  take(fd, request("POST", "/socket.io/", "body"));
  EXPECT_TRUE(engine.bodies.empty());
  http.let_in(*ground.connection(fd), 100);
  EXPECT_EQ(engine.bodies, std::vector<std::string>{"body"});
  EXPECT_TRUE(flushed(fd).ends_with("engine"));
}

TEST_F(HttpServerTest, says_that_a_body_will_not_come_since_it_is_too_large) {
  const int fd = connect();
  take(fd, request("POST", "/socket.io/", "body"));
  http.let_in(*ground.connection(fd), 3);
  EXPECT_EQ(engine.gone, std::vector{Gone::too_large});
  EXPECT_EQ(status(fd), "413");
}

TEST_F(HttpServerTest, waits_with_the_next_request_until_the_peer_has_read) {
  const int fd = connect();
  network.at(fd).room = 10;
  take(fd, request("GET", "/a"));
  EXPECT_EQ(flushed(fd).size(), 10u);
  EXPECT_GT(shared.queued.all, 0u);
  take(fd, request("GET", "/b"));
  EXPECT_EQ(application.requests.size(), 1u);
  network.at(fd).room = SIZE_MAX;
  EXPECT_TRUE(ground.connections.on_writable(*ground.connection(fd)));
  EXPECT_TRUE(flushed(fd).ends_with("/b:"));
}

TEST_F(HttpServerTest, sends_who_finds_no_room_away_with_an_answer) {
  http.turn_away(ground.accepted(), {});
  const int fd = ground.fd;
  EXPECT_EQ(shared.refused, 1u);
  EXPECT_EQ(status(fd), "503");
  EXPECT_TRUE(network.at(fd).writing_shut) << "it lingers until the peer has read that";
  http.on_end(*ground.connection(fd));
  EXPECT_FALSE(network.sockets.contains(fd));
}

TEST_F(HttpServerTest, ends_each_connection_with_its_answer_once_it_stops) {
  const int fd = connect();
  http.stop();
  take(fd, request("GET", "/a"));
  EXPECT_NE(flushed(fd).find("Connection: close"), std::string::npos);
}

}  // namespace
}  // namespace signalbox::net
