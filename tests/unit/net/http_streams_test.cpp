#include <gtest/gtest.h>

#include <deque>

#include "http_server_fixture.hpp"

// Answers that go on.
namespace signalbox::net {
namespace {

using std::chrono::seconds;
using test::HttpServerTest;
using test::request;
using Next = BodySource::Next;

/// Gives what the test has put there; its end is the test's as well.
struct Script {
  std::deque<std::pair<std::string, Next>> pieces;
  int asked = 0;
  bool gone = false;
};
struct ScriptedBody final : BodySource {
  explicit ScriptedBody(Script& s) : script(s) {}
  ~ScriptedBody() override { script.gone = true; }
  Next next(std::string& piece) override {
    ++script.asked;
    if (script.pieces.empty()) return Next::later;
    const auto [text, next] = std::move(script.pieces.front());
    script.pieces.pop_front();
    piece += text;
    return next;
  }
  Script& script;
};

struct HttpStreams : HttpServerTest {
  /// A request whose answer goes on, and what came of it so far.
  int follow(std::string_view method = "GET", std::string_view version = "HTTP/1.1") {
    const int fd = connect();
    take(fd, std::string(method) + " /late " + std::string(version) + "\r\nHost: x\r\n\r\n");
    http.stream(*http.waiting_for(application.ids.back()), {.fields = {{"Content-Type", "text/x"}}, .body = {}},
                std::make_unique<ScriptedBody>(script));
    return fd;
  }
  /// The same behind its head.
  int followed(std::string_view method = "GET", std::string_view version = "HTTP/1.1") {
    const int fd = follow(method, version);
    flushed(fd);
    return fd;
  }
  void say(std::string text, Next next = Next::later) {
    script.pieces.emplace_back(std::move(text), next);
    http.go_on(application.ids.back());
  }
  bool open(int fd) const { return network.sockets.contains(fd); }

  Script script;
};

TEST_F(HttpStreams, have_a_head_that_promises_chunks_and_the_end_of_the_connection) {
  const auto head = flushed(follow());
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << head;
  EXPECT_TRUE(head.ends_with("Content-Type: text/x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"))
      << head;
}

TEST_F(HttpStreams, give_each_piece_as_a_chunk_when_there_is_one) {
  const int fd = followed();
  say("0123456789abcdef!");
  EXPECT_EQ(flushed(fd), "11\r\n0123456789abcdef!\r\n");
  EXPECT_EQ(flushed(fd), "");
  say("again", Next::more);
  say("and again");
  EXPECT_EQ(flushed(fd), "5\r\nagain\r\n9\r\nand again\r\n");
}

TEST_F(HttpStreams, end_in_good_order_where_their_body_does) {
  const int fd = followed();
  say("bye", Next::end);
  EXPECT_EQ(flushed(fd), "3\r\nbye\r\n0\r\n\r\n");
  EXPECT_TRUE(script.gone);
  EXPECT_TRUE(network.at(fd).writing_shut);
}

TEST_F(HttpStreams, are_bare_bytes_up_to_the_end_of_the_connection_in_HTTP_1_0) {
  const int fd = follow("GET", "HTTP/1.0");
  EXPECT_EQ(flushed(fd).find("Transfer-Encoding"), std::string::npos);
  say("bytes", Next::end);
  EXPECT_EQ(flushed(fd), "bytes");
  EXPECT_TRUE(network.at(fd).writing_shut);
}

TEST_F(HttpStreams, of_a_HEAD_are_their_head_and_the_connection_goes_on) {
  const int fd = follow("HEAD");
  EXPECT_TRUE(script.gone);
  EXPECT_TRUE(flushed(fd).ends_with("Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"));
  take(fd, request("GET", "/next"));
  EXPECT_TRUE(flushed(fd).ends_with("/next:"));
}

TEST_F(HttpStreams, ask_for_no_more_until_the_peer_has_taken_what_there_is) {
  const int fd = followed();
  network.at(fd).room = 4;
  say(std::string(1000, 'x'), Next::more);
  EXPECT_EQ(flushed(fd).size(), 4u);
  EXPECT_GT(shared.queued.all, 900u);
  const int asked = script.asked;
  say("more");
  EXPECT_EQ(flushed(fd), "");
  EXPECT_EQ(script.asked, asked);
  network.at(fd).room = SIZE_MAX;
  EXPECT_TRUE(ground.connections.on_writable(*ground.connection(fd)));
  EXPECT_TRUE(flushed(fd).ends_with("x\r\n4\r\nmore\r\n"));
  EXPECT_EQ(shared.queued.all, 0u);
}

TEST_F(HttpStreams, of_a_peer_that_takes_nothing_for_half_a_minute_are_cut) {
  const int fd = followed();
  network.at(fd).room = 1;
  say("piece");
  flushed(fd);
  ground.pass(seconds(31));
  ground.connections.run_timers([this](Connection& connection) { http.on_deadline(connection); });
  EXPECT_FALSE(open(fd));
  EXPECT_TRUE(script.gone);
}

TEST_F(HttpStreams, may_be_silent_for_as_long_as_they_like) {
  const int fd = followed();
  say("piece");
  flushed(fd);
  for (int i = 0; i < 10; ++i) {
    ground.pass(seconds(60));
    ground.connections.run_timers([this](Connection& connection) { http.on_deadline(connection); });
  }
  say("still there");
  EXPECT_EQ(flushed(fd), "b\r\nstill there\r\n");
}

TEST_F(HttpStreams, throw_away_what_the_peer_still_sends) {
  const int fd = followed();
  take(fd, request("GET", "/next"));
  EXPECT_EQ(application.requests, std::vector<std::string>{"/late:"});
  EXPECT_EQ(shared.partial.all, 0u);
  say("piece");
  EXPECT_EQ(flushed(fd), "5\r\npiece\r\n");
}

TEST_F(HttpStreams, end_with_a_peer_that_ends) {
  const int fd = followed();
  http.on_end(*ground.connection(fd));
  EXPECT_FALSE(open(fd));
  EXPECT_TRUE(script.gone);
  say("to nobody");
}

TEST_F(HttpStreams, end_in_good_order_as_the_server_does) {
  const int fd = followed();
  http.stop();
  ground.connections.touch(*ground.connection(fd));
  EXPECT_EQ(flushed(fd), "0\r\n\r\n");
  EXPECT_TRUE(script.gone);
}

}  // namespace
}  // namespace signalbox::net
