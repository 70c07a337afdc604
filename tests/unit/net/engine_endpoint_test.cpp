#include "net/engine_endpoint.hpp"

#include <gtest/gtest.h>

#include "net/session_table.hpp"
#include "parts.hpp"
#include "support/masked_frame.hpp"

namespace signalbox::net {
namespace {

using test::request;

constexpr std::string_view kUpgrade =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string kPolling = "/socket.io/?EIO=4&transport=polling",
                  kWebSocket = "/socket.io/?EIO=4&transport=websocket";

/// Sends back what it gets; "close" ends it, "pause" stops its reading.
class Echo final : public engineio::SessionHandler {
 public:
  Echo(engineio::Session& session, SessionControl& control, std::vector<CloseReason>& ends)
      : session_(session), control_(control), ends_(ends) {}
  void on_text(std::string_view message, TimePoint now) override {
    if (message == "login") control_.set_authenticated(true);
    if (message == "pause") control_.set_reading(false);
    session_.send(make_frame(false, FrameKind::event, {}, "4", message));
    if (message == "close") session_.close(CloseReason::forced_close, now);
  }
  void on_binary(std::string_view, TimePoint) override {}
  void on_closed(CloseReason reason, TimePoint) override { ends_.push_back(reason); }
  void on_received(std::uint32_t, TimePoint) override {}
  TimePoint next_deadline() const override { return kNever; }
  void on_timer(TimePoint) override {}

 private:
  engineio::Session& session_;
  SessionControl& control_;
  std::vector<CloseReason>& ends_;
};

struct EchoSessions final : test::EchoingApplication {
  std::unique_ptr<engineio::SessionHandler> on_session(engineio::Session& session, SessionControl& of, HandshakeRequest,
                                                       TimePoint) override {
    control = &of;
    return std::make_unique<Echo>(session, of, ends);
  }
  SessionControl* control = nullptr;  ///< of the newest
  std::vector<CloseReason> ends;
};

/// All that serves the Engine.IO path on one shard.
struct Endpoint {
  Endpoint(Shared& shared, test::MemoryNetwork& network) : ground(shared, network) {
    ground.at_end = [this](Connection& connection, CloseReason reason, bool owed) {
      if (owed) endpoint.on_gone(connection, Gone::connection);
      websockets.on_closed(connection, reason);
    };
    ground.loop.set_receiver(application);
    sessions.set_application(application);
    http.set_application(application);
    endpoint.set_application(application);
  }
  void turn() {
    ground.loop.turn();
    while (table.has_touched() || ground.connections.has_touched()) {
      table.look_at_touched([this](SessionEntry& entry) { sessions.flush(entry); });
      ground.connections.look_at_touched(
          [this](Connection& connection) { connection.http ? http.flush(connection) : websockets.flush(connection); });
    }
    ground.connections.bury();
  }

  test::Ground ground;
  EchoSessions application;
  SessionTable table{ground.shared, ground.loop, ground.budgets};
  WebSockets websockets{ground.shared.options, ground.loop, ground.connections, table, ground.budgets};
  Askers askers;
  Relays relays{ground.shared, ground.loop};
  EngineSessions sessions{ground.shared, ground.loop, table, websockets, relays};
  EngineEndpoint endpoint{ground.shared, ground.loop, ground.budgets, ground.connections,
                          http,          websockets,  sessions,       askers};
  HttpServer http{ground.shared, ground.loop, ground.connections, ground.budgets, endpoint};
};

struct EngineEndpointTest : testing::Test {
  EngineEndpointTest() { shared.options.preauth_message_bytes = 100; }
  ~EngineEndpointTest() override {
    for (Endpoint* each : {&one, &two}) {
      each->ground.connections.close_all(CloseReason::server_shutting_down);
      each->table.erase_all();
    }
    EXPECT_EQ(shared.connections + shared.sessions + shared.partial.all + shared.queued.all, 0u);
    EXPECT_TRUE(network.sockets.empty());
  }
  void turn() {
    for (int i = 0; i < 3; ++i)
      for (Endpoint* each : {&one, &two}) each->turn();
  }
  int connect(Endpoint& to) {
    to.http.accept(to.ground.accepted(), {}, to.ground.place(), Door::service);
    return to.ground.fd;
  }
  /// On the shard where the connection is by now.
  void send(int fd, std::string bytes) {
    for (Endpoint* each : {&one, &two}) {
      Connection* connection = each->ground.connection(fd);
      if (!connection) continue;
      connection->http ? each->http.take(*connection, bytes) : each->websockets.take(*connection, bytes);
      break;
    }
    turn();
  }
  std::string take(int fd) { return one.ground.written(fd); }
  std::string status(int fd) { return take(fd).substr(9, 3); }
  std::string opened(int fd) {
    send(fd, request("GET", kPolling));
    const auto answer = take(fd);
    const auto at = answer.find("\"sid\":\"") + 7;
    return answer.substr(at, answer.find('"', at) - at);
  }

  Shared shared;
  test::MemoryNetwork network;
  Endpoint one{shared, network}, two{shared, network};
};

TEST_F(EngineEndpointTest, opens_a_session_and_adds_what_cors_wants) {
  const int fd = connect(one);
  send(fd, request("GET", kPolling));
  const auto answer = take(fd);
  EXPECT_NE(answer.find("X-Cors: yes\r\n"), std::string::npos);
  EXPECT_NE(answer.find("\r\n\r\n0{\"sid\":\""), std::string::npos) << answer;
  EXPECT_EQ(shared.sessions, 1u);
}

TEST_F(EngineEndpointTest, refuses_what_is_of_no_session) {
  const int fd = connect(one);
  const auto sid = opened(fd);
  send(fd, request("GET", kPolling + "&sid=unknown"));
  EXPECT_EQ(status(fd), "400");
  send(fd, request("GET", "/socket.io/?EIO=3&transport=polling"));
  EXPECT_EQ(status(fd), "400");
}

TEST_F(EngineEndpointTest, opens_none_any_more_once_the_shard_drains) {
  one.sessions.open_no_more();
  const int fd = connect(one);
  send(fd, request("GET", kPolling));
  EXPECT_EQ(status(fd), "503");
}

TEST_F(EngineEndpointTest, passes_a_request_on_to_the_shard_of_its_session_and_the_answer_back) {
  const auto sid = opened(connect(one));
  const int post = connect(two), get = connect(two);
  send(post, request("POST", kPolling + "&sid=" + sid, "4hello"));
  EXPECT_EQ(status(post), "200");
  send(get, request("GET", kPolling + "&sid=" + sid));
  EXPECT_TRUE(take(get).ends_with("\r\n\r\n4hello"));
}

TEST_F(EngineEndpointTest, asks_the_sessions_shard_how_large_a_body_may_be) {
  const auto sid = opened(connect(one));
  const int fd = connect(two);
  const auto large = request("POST", kPolling + "&sid=" + sid, "4" + std::string(500, 'x'));
  one.application.control->set_authenticated(true);
  send(fd, large);
  EXPECT_EQ(status(fd), "200");
  one.application.control->set_authenticated(false);
  send(fd, large);
  EXPECT_EQ(status(fd), "413");
  EXPECT_EQ(one.application.ends, std::vector{CloseReason::transport_error});
}

TEST_F(EngineEndpointTest, goes_on_with_a_session_behind_posts_that_break_a_rule) {
  const auto sid = opened(connect(one));
  const int fd = connect(two);
  for (int i = 0; i < 2; ++i) {
    send(fd, request("POST", kWebSocket + "&sid=" + sid, "4x"));
    EXPECT_EQ(status(fd), "400");
  }
  send(fd, request("POST", kPolling + "&sid=" + sid, "4hello"));
  EXPECT_EQ(status(fd), "200");
  EXPECT_TRUE(one.application.ends.empty());
}

TEST_F(EngineEndpointTest, tells_a_session_that_the_connection_of_its_poll_has_gone) {
  const auto sid = opened(connect(one));
  const int fd = connect(two);
  send(fd, request("GET", kPolling + "&sid=" + sid));
  EXPECT_EQ(take(fd), "");
  two.ground.connections.close(*two.ground.connection(fd));
  turn();
  EXPECT_EQ(one.application.ends.size(), 1u);
}

TEST_F(EngineEndpointTest, moves_a_websocket_to_its_sessions_shard_with_what_came_behind_its_head) {
  const auto sid = opened(connect(one));
  const int fd = connect(two);
  send(fd, request("GET", kWebSocket + "&sid=" + sid, {}, kUpgrade) + signalbox::test::masked_frame(0x81, "2probe"));
  EXPECT_FALSE(two.ground.connection(fd));
  ASSERT_TRUE(one.ground.connection(fd));
  const auto answer = take(fd);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  EXPECT_TRUE(answer.ends_with("3probe")) << answer;
  EXPECT_EQ(shared.connections, 2u);
}

TEST_F(EngineEndpointTest, closes_the_websocket_of_an_upgrade_whose_session_is_pushed_out) {
  shared.limits.unauthenticated.set(1);
  const auto sid = opened(connect(one));
  const int fd = connect(one);
  send(fd, request("GET", kWebSocket + "&sid=" + sid, {}, kUpgrade) + signalbox::test::masked_frame(0x81, "2probe"));
  EXPECT_TRUE(take(fd).ends_with("3probe"));
  EXPECT_NE(opened(connect(one)), sid);
  one.table.end_due(true);
  turn();
  EXPECT_EQ(shared.sessions, 1u);
  EXPECT_EQ(take(fd), "\x88\x02\x03\xe8") << "else it would stay for ever, and count nowhere";
}

TEST_F(EngineEndpointTest, refuses_a_websocket_that_is_none) {
  const int fd = connect(one);
  send(fd, request("GET", kWebSocket, {}, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"));
  EXPECT_EQ(status(fd), "426");
}

// The connections that such a request has opened.
struct WebSocketsTest : EngineEndpointTest {
  WebSocketsTest() : fd(connect(one)) {
    send(fd, request("GET", kWebSocket, {}, kUpgrade));
    first = take(fd);
  }
  void message(std::string_view text) { send(fd, signalbox::test::masked_frame(0x81, text)); }

  int fd;
  std::string first;
};

TEST_F(WebSocketsTest, write_the_101_and_the_first_packet_at_once) {
  EXPECT_TRUE(first.starts_with("HTTP/1.1 101 "));
  EXPECT_NE(first.find("\"pingInterval\""), std::string::npos);
}

TEST_F(WebSocketsTest, give_a_message_to_the_session_wherever_it_is_cut) {
  for (const char byte : signalbox::test::masked_frame(0x81, "4hello")) send(fd, std::string(1, byte));
  EXPECT_TRUE(take(fd).ends_with("4hello"));
  EXPECT_EQ(shared.partial.all, 0u);
}

TEST_F(WebSocketsTest, hold_what_comes_while_the_session_is_not_read) {
  message("4pause");
  message("4later");
  EXPECT_TRUE(take(fd).ends_with("4pause"));
  EXPECT_GT(shared.partial.all, 0u);
  one.application.control->set_reading(true);
  turn();
  EXPECT_TRUE(take(fd).ends_with("4later"));
  EXPECT_EQ(shared.partial.all, 0u);
}

TEST_F(WebSocketsTest, answer_the_newest_ping_alone) {
  send(fd, signalbox::test::masked_frame(0x89, "a") + signalbox::test::masked_frame(0x89, "b"));
  EXPECT_EQ(take(fd), std::string("\x8a\x01") + "b");
}

TEST_F(WebSocketsTest, end_behind_what_waits_where_a_message_ends_the_session) {
  message("4close");
  const auto out = take(fd);
  EXPECT_NE(out.find("4close"), std::string::npos);
  EXPECT_EQ(static_cast<unsigned char>(out[out.size() - 4]), 0x88);
  EXPECT_EQ(one.application.ends, std::vector{CloseReason::forced_close});
  send(fd, signalbox::test::masked_frame(0x88, "\x03\xe8"));
  EXPECT_FALSE(one.ground.connection(fd)) << "the peer's close frame ends the connection";
  EXPECT_EQ(shared.sessions, 0u);
}

TEST_F(WebSocketsTest, end_their_session_with_their_connection) {
  one.ground.connections.close(*one.ground.connection(fd), CloseReason::transport_error);
  turn();
  EXPECT_EQ(one.application.ends, std::vector{CloseReason::transport_error});
  EXPECT_EQ(shared.sessions, 0u);
}

TEST_F(WebSocketsTest, go_on_with_a_frame_where_the_kernel_took_a_part_of_it) {
  network.at(fd).room = 3;
  message("4hello");
  EXPECT_EQ(take(fd).size(), 3u);
  network.at(fd).room = SIZE_MAX;
  Connection& connection = *one.ground.connection(fd);
  one.ground.connections.on_writable(connection);
  turn();
  EXPECT_EQ(take(fd), "hello");
}

}  // namespace
}  // namespace signalbox::net
