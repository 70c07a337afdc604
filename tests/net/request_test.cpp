#include <gtest/gtest.h>

#include <future>

#include "front.hpp"

// Requests that have no connection here.
namespace signalbox::net::test {
namespace {

using std::chrono::seconds;

/// One request, and its answer when it comes.
struct Asked {
  Asked(EchoServer& server, std::string head, std::string body = {}, std::string address = "10.0.0.1")
      : answer_(promise_->get_future()),
        pending(server.network->request(
            std::move(head), std::move(body), reactor::peer_address(address),
            [promise = promise_](HttpAnswer answer) { promise->set_value(std::move(answer)); })) {}
  /// Status 0: none has come.
  HttpAnswer answer(seconds most = seconds(5)) {
    return answer_.wait_for(most) == std::future_status::ready ? answer_.get() : HttpAnswer{.status = 0};
  }
  bool waits() const { return answer_.wait_for(seconds(0)) != std::future_status::ready; }

 private:
  std::shared_ptr<std::promise<HttpAnswer>> promise_ = std::make_shared<std::promise<HttpAnswer>>();
  std::future<HttpAnswer> answer_;

 public:
  PendingRequest pending;
};

std::string head(const std::string& method, const std::string& target) {
  return method + " " + target + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

std::string open_session(EchoServer& server, std::string address = "10.0.0.1") {
  return sid_of(Asked(server, head("GET", kPolling), {}, std::move(address)).answer().body);
}

std::string field(const HttpAnswer& answer, std::string_view name) {
  for (const auto& [key, value] : answer.fields)
    if (key == name) return value;
  return {};
}

TEST(Request, has_the_answer_of_a_route_with_its_body) {
  EchoServer server(2);
  const HttpAnswer answer = Asked(server, head("POST", "/x"), "abc").answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "/x:abc");
  EXPECT_EQ(Asked(server, head("GET", "/refuse")).answer().status, 401);
}

TEST(Request, is_refused_where_its_answer_would_go_on) {
  EchoServer server(2);
  const HttpAnswer answer = Asked(server, head("GET", "/goes-on")).answer();
  EXPECT_EQ(answer.status, 501);
  EXPECT_EQ(answer.body, "refused");
}

TEST(Request, of_polling_opens_a_session_sends_and_waits_for_what_comes) {
  EchoServer server(4);
  for (int i = 0; i < 8; ++i) {
    const HttpAnswer opened = Asked(server, head("GET", kPolling)).answer();
    EXPECT_EQ(opened.status, 200);
    EXPECT_EQ(field(opened, "Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(field(opened, "Content-Type"), "text/plain; charset=UTF-8");
    const std::string sid = sid_of(opened.body);
    Asked poll(server, head("GET", kPolling + "&sid=" + sid));
    EXPECT_EQ(poll.pending.sid, sid);
    EXPECT_EQ(Asked(server, head("POST", kPolling + "&sid=" + sid), "4hello").answer().body, "ok");
    EXPECT_EQ(poll.answer().body, "4hello");
  }
}

TEST(Request, of_polling_and_connections_reach_the_same_session) {
  EchoServer server(4);
  const std::string sid = open_session(server);
  Asked poll(server, head("GET", kPolling + "&sid=" + sid));
  Client client(server);
  client.send(post(kPolling + "&sid=" + sid, "4over tcp"));
  EXPECT_EQ(client.body(), "ok");
  EXPECT_EQ(poll.answer().body, "4over tcp");
}

TEST(Request, that_waits_is_answered_when_its_session_ends) {
  EchoServer server(2);
  const std::string sid = open_session(server);
  Asked first(server, head("GET", kPolling + "&sid=" + sid));
  Asked second(server, head("GET", kPolling + "&sid=" + sid));  // two polls at once end the session
  EXPECT_NE(first.answer().status, 0);
  EXPECT_NE(second.answer().status, 0);
}

TEST(Request, that_waits_is_answered_when_the_service_ends) {
  auto server = std::make_unique<EchoServer>(2);
  const std::string sid = open_session(*server);
  Asked poll(*server, head("GET", kPolling + "&sid=" + sid));
  server->network->stop();
  EXPECT_NE(poll.answer(seconds(0)).status, 0);
  EXPECT_EQ(server->network->counters().connections, 0u);
}

TEST(Request, is_refused_in_the_call_where_nothing_runs) {
  EchoServer server(1);
  server.network->stop();
  EXPECT_EQ(Asked(server, head("GET", "/x")).answer(seconds(0)).status, 503);
  const auto unused = net::Network::create({}, {});
  int status = 0;
  unused->request(head("GET", "/x"), {}, {}, [&status](const HttpAnswer& answer) { status = answer.status; });
  EXPECT_EQ(status, 503);
}

TEST(Request, whose_asker_has_gone_lets_its_session_go_and_hears_nothing) {
  EchoServer server(2);
  const std::string sid = open_session(server);
  Asked poll(server, head("GET", kPolling + "&sid=" + sid));
  server.network->asker_gone(poll.pending);
  for (int i = 0; i < 500 && server.open != 0; ++i) std::this_thread::sleep_for(Milliseconds(10));
  EXPECT_EQ(server.open, 0);
  EXPECT_TRUE(poll.waits());
  EXPECT_EQ(server.network->counters().connections, 0u);
}

TEST(Request, may_ask_for_more_out_of_its_answer) {
  EchoServer server(1);
  std::promise<std::string> second;
  server.network->request(head("GET", "/one"), {}, {}, [&](const HttpAnswer&) {
    server.network->request(head("GET", "/two"), {}, {},
                            [&](const HttpAnswer& answer) { second.set_value(answer.body); });
  });
  auto body = second.get_future();
  ASSERT_EQ(body.wait_for(seconds(5)), std::future_status::ready);
  EXPECT_EQ(body.get(), "/two:");
}

TEST(Request, counts_as_a_connection_while_it_waits) {
  Options options;
  options.max_connections = 1;
  EchoServer server(1, options);
  const std::string sid = open_session(server);
  Asked poll(server, head("GET", kPolling + "&sid=" + sid));
  EXPECT_EQ(server.network->counters().connections, 1u);
  const HttpAnswer refused = Asked(server, head("GET", "/x")).answer(seconds(0));
  EXPECT_EQ(refused.status, 503);
  EXPECT_FALSE(field(refused, "Retry-After").empty());
  server.network->asker_gone(poll.pending);
  for (int i = 0; i < 500 && server.network->counters().connections != 0; ++i)
    std::this_thread::sleep_for(Milliseconds(10));
  EXPECT_EQ(Asked(server, head("GET", "/x")).answer().status, 200);
}

TEST(Request, counts_among_all_that_is_not_whole) {
  Options options;
  options.total_partial_bytes = 1000;
  EchoServer server(1, options);
  EXPECT_EQ(Asked(server, head("POST", "/x"), std::string(1000, 'x')).answer(seconds(0)).status, 503);
  EXPECT_EQ(Asked(server, head("POST", "/x"), std::string(500, 'x')).answer().status, 200);
  EXPECT_EQ(server.network->counters().partial_bytes, 0u);
}

TEST(Request, is_held_to_the_limits_of_a_head_and_of_a_body) {
  Options options;
  options.max_head_bytes = 200;
  EchoServer server(1, options);
  EXPECT_EQ(Asked(server, head("GET", "/" + std::string(300, 'x'))).answer().status, 431);
  EXPECT_EQ(Asked(server, "GET / HTTP/1.1\r\nHost: x\r\n").answer().status, 400);
  EXPECT_EQ(Asked(server, "").answer().status, 400);
  EXPECT_EQ(Asked(server, head("POST", "/x"), std::string(1001, 'x')).answer().status, 413);
}

TEST(Request, that_sends_more_than_a_session_may_without_a_login_ends_it) {
  Options options;
  options.preauth_message_bytes = 100;
  EchoServer server(2, options);
  const std::string sid = open_session(server);
  EXPECT_EQ(Asked(server, head("POST", kPolling + "&sid=" + sid), "4" + std::string(200, 'x')).answer().status, 413);
  EXPECT_EQ(Asked(server, head("GET", kPolling + "&sid=" + sid)).answer().status, 400);
}

TEST(Request, is_of_its_clients_address) {
  Options options;
  options.max_unauthenticated_per_address = 1;
  EchoServer server(1, options);
  EXPECT_FALSE(open_session(server, "10.0.0.1").empty());
  EXPECT_EQ(Asked(server, head("GET", kPolling), {}, "10.0.0.1").answer().status, 503);
  EXPECT_EQ(Asked(server, head("GET", kPolling), {}, "10.0.0.2").answer().status, 200);
}

TEST(Request, of_no_session_or_for_a_websocket_is_refused) {
  EchoServer server(2);
  EXPECT_EQ(Asked(server, head("GET", kPolling + "&sid=nobody")).answer().status, 400);
  EXPECT_EQ(Asked(server, head("PUT", kPolling)).answer().status, 400);
  const HttpAnswer upgraded = Asked(server, upgrade(kWebSocket)).answer();
  EXPECT_EQ(upgraded.status, 400);
  EXPECT_NE(upgraded.body.find("connection"), std::string::npos);
  EXPECT_EQ(Asked(server, head("OPTIONS", kPolling)).answer().status, 204);
}

}  // namespace
}  // namespace signalbox::net::test
