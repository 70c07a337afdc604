#include <gtest/gtest.h>

#include "fake_hub.hpp"

namespace signalbox::hub::test {
namespace {

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
}
std::string token(const std::string& claims) {
  return auth::sign_hs256(claims, kSecret);
}
std::string expiring(const std::string& user, int seconds) {
  return token(R"({"id":")" + user + R"(","exp":)" + std::to_string(unix_now() + seconds) + "}");
}

struct Login : testing::Test {
  void start() { hub.registry.start(hub.config); }
  void turn_clock(Milliseconds by, FakeClient& client) {
    test_now += by;
    if (client.client.next_deadline() <= test_now) client.client.on_timer(test_now);
    if (hub.directory.next_deadline() <= test_now) hub.directory.on_timer(test_now);
    hub.deliver();
  }
  FakeHub hub;
};

const Packets kWelcome = {R"(40{"sid":"SID"})", R"(42["authenticated",{"user":{"id":"ada","email":"a@x"}}])"};

TEST_F(Login, by_the_connect_payload_with_or_without_bearer) {
  start();
  const std::string good = token(R"({"id":"ada","email":"a@x","iat":1})");
  for (const std::string& text : {good, "Bearer " + good}) {
    FakeClient client(hub);
    client.text(R"(0{"token":")" + text + "\"}");
    EXPECT_EQ(client.take(), kWelcome);
  }
}

TEST_F(Login, by_the_authorization_field_of_the_handshake) {
  start();
  FakeClient client(hub, 0, "authorization:Bearer " + token(R"({"id":"ada","email":"a@x"})") + "\n");
  client.text("0");
  EXPECT_EQ(client.take(), kWelcome);
}

TEST_F(Login, by_the_query_only_where_that_is_switched_on) {
  start();
  FakeClient client(hub);
  client.text("0");
  EXPECT_EQ(
      client.take()[1],
      R"(42["unauthorized",{"code":"token_missing","message":"No token was given: connect with auth: { token }."}])");

  Config config;
  config.token_in_query = true;
  FakeHub other(config);
  other.registry.start(other.config);
  FakeClient by_query(other);
  by_query.text("0");
  EXPECT_NE(by_query.take()[1].find("token_invalid"), std::string::npos) << "it was read: the word \"query\"";
}

TEST_F(Login, an_applications_checks_run_before_and_after_the_tokens_in_their_order) {
  std::string order;
  const auto check = [&order](std::string name) {
    return [&order, name](ConnectRequest& request) -> std::expected<void, ConnectRefusal> {
      order += name + ' ';
      if (request.header("X-Refuse") == name) return std::unexpected(ConnectRefusal{.message = name});
      return {};
    };
  };
  hub.events().use(check("after")).use_first(check("before")).use(check("last"));
  start();
  FakeClient stranger(hub);
  stranger.text("0");
  EXPECT_EQ(std::exchange(order, ""), "before ") << "what comes after needs a token";
  FakeClient ada(hub);
  ada.log_in("ada");
  EXPECT_EQ(std::exchange(order, ""), "before after last ");
  for (const std::string name : {"before", "after"}) {
    FakeClient refused(hub, 0, "x-refuse:" + name + "\n");
    refused.log_in("eve");
    EXPECT_EQ(refused.take(), Packets{R"(44{"message":")" + name + "\"}"});
  }
  EXPECT_FALSE(hub.directory.presence.online("eve"));
}

TEST_F(Login, the_token_is_forgotten_once_it_has_done_its_work) {
  json auth;
  hub.events().on_connect([&](Socket& socket) { auth = socket.handshake().auth; });
  start();
  FakeClient client(hub);
  client.text(R"(0{"token":")" + token(R"({"id":"ada"})") + R"(","theme":"dark"})");
  EXPECT_EQ(auth, (json{{"theme", "dark"}}));
}

TEST_F(Login, with_claims_nested_deeper_than_what_clients_may_send) {
  hub.config.json_depth = 3;
  start();
  FakeClient client(hub);
  client.text(R"(0{"token":")" + token(R"({"id":"ada","rights":{"of":{"teams":{"red":["read"]}}}})") + "\"}");
  EXPECT_EQ(client.take().back(),
            R"(42["authenticated",{"user":{"id":"ada","rights":{"of":{"teams":{"red":["read"]}}}}}])");
}

/// A request that takes no user: whatever the check of tokens does with it throws.
struct RefusingRequest final : ConnectRequest {
  std::string_view nsp() const override { return "/"; }
  Handshake handshake() const override { return {}; }
  std::string header(std::string_view) const override { return {}; }
  std::string_view auth_text() const override { return auth; }
  std::string query(std::string_view) const override { return {}; }
  void set_user(std::string, std::string, std::chrono::system_clock::time_point) override {
    throw std::invalid_argument("no user");
  }
  void drop_auth_key(std::string_view) override {}
  std::string auth = R"({"token":")" + token(R"({"id":"ada"})") + "\"}";
};

TEST_F(Login, what_the_check_of_a_token_throws_refuses_the_client_and_goes_no_further) {
  start();
  RefusingRequest request;
  const auto let_in = call(hub.hub, std::get<Middleware>(hub.registry.find("/")->chain.front()), request);
  ASSERT_FALSE(let_in);
  EXPECT_EQ(let_in.error().message, "Internal server error");
}

TEST_F(Login, refused_as_the_originals_clients_expect) {
  int connected = 0;
  hub.events().on_connect([&](Socket&) { ++connected; });
  start();
  FakeClient client(hub);
  client.text(R"(0{"token":"x"})");
  const Packets sent = client.take();
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[0], R"(40{"sid":"SID"})");
  EXPECT_TRUE(sent[1].starts_with(R"(42["unauthorized",{"code":"token_invalid","message":)"));
  EXPECT_EQ(sent[2], "41");
  EXPECT_EQ(client.closed, CloseReason::forced_close);
  EXPECT_EQ(connected, 0);
  EXPECT_FALSE(client.authenticated);
}

TEST_F(Login, refused_in_one_namespace_stays_in_the_other) {
  hub.events("/open").without_jwt();
  start();
  FakeClient client(hub);
  client.text("0/open");
  client.text("0");
  EXPECT_EQ(client.take().back(), "41");
  EXPECT_FALSE(client.closed);
}

TEST_F(Login, refused_as_socket_io_does_where_configured) {
  hub.config.auth_failure = AuthFailure::connect_error;
  start();
  FakeClient client(hub);
  client.text("0");
  EXPECT_EQ(
      client.take(),
      Packets{
          R"(44{"message":"No token was given: connect with auth: { token }.","data":{"code":"token_missing","message":"No token was given: connect with auth: { token }."}})"});
  EXPECT_FALSE(client.closed);
}

/// How long after its login a client is told that its token ends, which it does 40 s after the login.
struct TokenThatEnds : Login {
  int told_after_seconds(const std::string& iat) {
    start();
    client.text(R"(0{"token":")" + token(R"({"id":"ada","exp":)" + std::to_string(unix_now() + 40) + iat + "}") +
                "\"}");
    client.take();
    for (int seconds = 0; seconds < 40; ++seconds) {
      turn_clock(Milliseconds(seconds == 0 ? 0 : 1000), client);
      if (!client.take().empty()) return seconds;
    }
    return -1;
  }
  std::string iat(int seconds) { return R"(,"iat":)" + std::to_string(unix_now() + seconds); }
  FakeClient client{hub};
};

TEST_F(TokenThatEnds, is_announced_a_minute_before_or_at_half_of_its_life) {
  EXPECT_NEAR(told_after_seconds(iat(-20)), 10, 1) << "it lives for 60 s";
}
TEST_F(TokenThatEnds, and_has_lived_for_long_is_announced_at_once) {
  EXPECT_EQ(told_after_seconds(iat(-3600)), 0);
}
TEST_F(TokenThatEnds, and_does_not_say_when_it_began_began_at_the_login) {
  EXPECT_NEAR(told_after_seconds(""), 20, 1);
}
TEST_F(TokenThatEnds, began_at_the_login_whatever_of_the_future_it_says) {
  EXPECT_NEAR(told_after_seconds(iat(30)), 20, 1);
}
TEST_F(TokenThatEnds, and_was_issued_at_no_time_at_all_is_none_to_be_refused) {
  EXPECT_NEAR(told_after_seconds(R"(,"iat":"yesterday")"), 20, 1);
}

TEST_F(Login, a_token_that_ends_is_announced_once_and_then_ends) {
  start();
  FakeClient client(hub);
  client.text(R"(0{"token":")" + expiring("ada", 30) + "\"}");
  client.take();
  turn_clock(Milliseconds(15'001), client);
  const Packets told = client.take();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].starts_with(R"(42["token_expiring",{"expiresInMs":)"));
  turn_clock(Milliseconds(15'001), client);
  const Packets sent = client.take();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_TRUE(sent[0].starts_with(R"(42["unauthorized",{"code":"token_expired")")) << sent[0];
  EXPECT_EQ(sent[1], "41");
  EXPECT_EQ(client.closed, CloseReason::forced_close);
}

TEST_F(Login, a_client_renews_its_token_and_stays) {
  start();
  FakeClient client(hub);
  client.text(R"(0{"token":")" + expiring("ada", 70) + "\"}");
  client.take();
  turn_clock(Milliseconds(35'001), client);
  EXPECT_TRUE(client.take()[0].starts_with(R"(42["token_expiring")"));
  client.text(R"(27["authenticate",{"token":")" + expiring("ada", 3600) + "\"}]");
  EXPECT_EQ(client.take(), Packets{R"(437[{"ok":true}])"});
  turn_clock(Milliseconds(70'000), client);
  EXPECT_FALSE(client.closed);
  EXPECT_EQ(client.take(), Packets{});
}

TEST_F(Login, a_refused_renewal_changes_nothing) {
  start();
  FakeClient client(hub);
  client.text(R"(0{"token":")" + expiring("ada", 3600) + "\"}");
  client.take();
  const TimePoint before = client.client.next_deadline();
  client.text(R"(21["authenticate",{"token":")" + expiring("grace", 9000) + "\"}]");
  EXPECT_EQ(
      client.take(),
      Packets{
          R"(431[{"ok":false,"code":"token_invalid","message":"The token is of another user than this connection."}])"});
  client.text(R"(22["authenticate"])");
  EXPECT_EQ(
      client.take(),
      Packets{
          R"(432[{"ok":false,"code":"token_missing","message":"No token was given: connect with auth: { token }."}])"});
  EXPECT_EQ(client.client.next_deadline(), before);
}

TEST_F(Login, an_expiry_in_the_far_future_arms_nothing) {
  start();
  FakeClient client(hub);
  client.text(R"(0{"token":")" + token(R"({"id":"ada","exp":9007199254740992})") + "\"}");
  EXPECT_EQ(client.client.next_deadline(), kNever);
}

TEST_F(Login, others_hear_once_who_comes_and_who_goes_on_every_shard) {
  start();
  FakeClient ada(hub, 0), grace(hub, 1);
  ada.log_in("ada");
  hub.deliver();
  grace.log_in("grace");
  hub.deliver();
  EXPECT_EQ(ada.take().back(), R"(42["user_online",{"userId":"grace"}])");
  EXPECT_EQ(grace.take().size(), 2u) << "nobody hears of themselves";
  {
    FakeClient tab(hub, 0);
    tab.log_in("grace");
    hub.deliver();
    EXPECT_EQ(ada.take(), Packets{}) << "a second tab is no news";
  }
  grace.close(CloseReason::transport_close, test_now);
  turn_clock(hub.config.presence_grace - Milliseconds(1), ada);
  EXPECT_EQ(ada.take(), Packets{});
  EXPECT_TRUE(hub.directory.presence.online("grace"));
  turn_clock(Milliseconds(1), ada);
  EXPECT_EQ(ada.take(), Packets{R"(42["user_offline",{"userId":"grace"}])"});
  EXPECT_FALSE(hub.directory.presence.online("grace"));
}

TEST_F(Login, of_those_who_come_meanwhile_only_the_user_of_whom_is_told_is_left_out) {
  Config config;
  config.presence_grace = Milliseconds(0);
  FakeHub busy(config);
  busy.registry.start(busy.config);
  {
    FakeClient ada(busy);
    ada.log_in("ada");
    busy.deliver();
  }
  busy.directory.on_timer(test_now);  // nothing more is known of her, and that she went lies in the mailboxes
  FakeClient bob(busy), ada(busy);
  bob.log_in("bob");  // in her entry's memory, perhaps
  ada.log_in("ada");
  bob.take();
  ada.take();
  busy.deliver();
  EXPECT_EQ(bob.take(), (Packets{R"(42["user_offline",{"userId":"ada"}])", R"(42["user_online",{"userId":"ada"}])"}));
  EXPECT_EQ(ada.take(), Packets{R"(42["user_online",{"userId":"bob"}])"}) << "nobody hears of themselves";
}

TEST_F(Login, an_event_goes_to_every_socket_of_its_user_and_to_nobody_else) {
  hub.config.presence_events = false;
  start();
  FakeClient one(hub, 0), two(hub, 1), other(hub, 0);
  one.log_in("ada");
  two.log_in("ada");
  other.log_in("grace");
  hub.deliver();
  one.take(), two.take(), other.take();
  EXPECT_EQ(hub.directory.emit("ada", *users::job_frame(JobProgress{.job_id = "7", .progress = 1}, {})), 2u);
  hub.deliver();
  const Packets want = {R"(42["job_progress",{"jobId":"7","progress":1,"status":"processing"}])"};
  EXPECT_EQ(one.take(), want);
  EXPECT_EQ(two.take(), want);
  EXPECT_EQ(other.take(), Packets{});
}

TEST_F(Login, what_is_emitted_to_a_socket_that_left_reaches_nobody) {
  start();
  FakeClient gone(hub);
  gone.log_in("ada");
  hub.deliver();
  ASSERT_EQ(hub.directory.emit("ada", users::EncodedEvent{text_frame("42[\"x\"]")}), 1u);
  gone.text("1");
  FakeClient next(hub);
  next.log_in("grace");
  next.take();
  hub.deliver();
  EXPECT_EQ(next.take(), Packets{}) << "it has the same slot, but not the same generation";
}

TEST_F(Login, past_the_most_connections_of_a_user_the_oldest_is_sent_away) {
  Config config;
  config.max_connections_per_user = 2;
  FakeHub small(config);
  small.registry.start(small.config);
  FakeClient first(small, 0), second(small, 1), third(small, 1);
  first.log_in("ada");
  second.log_in("ada");
  third.log_in("ada");
  first.take();
  small.deliver();
  EXPECT_EQ(first.take(), Packets{"41"});
  EXPECT_EQ(small.directory.sockets.connections("ada"), 2u);
}

TEST_F(Login, one_sent_away_is_closed_unless_it_is_in_another_namespace) {
  Config config;
  config.max_connections_per_user = 1;
  FakeHub small(config);
  small.events("/open").without_jwt();
  small.registry.start(small.config);
  FakeClient alone(small, 0), also_open(small, 1), newest(small, 1);
  alone.log_in("ada");
  also_open.log_in("ada");
  also_open.text("0/open,");
  newest.log_in("ada");
  alone.take();
  also_open.take();
  small.deliver();
  EXPECT_EQ(alone.take(), Packets{"41"});
  EXPECT_EQ(alone.closed, CloseReason::forced_close);
  EXPECT_EQ(also_open.take(), Packets{"41"});
  EXPECT_FALSE(also_open.closed);
  EXPECT_TRUE(also_open.authenticated);
  also_open.text("2/open,[\"x\"]");
  EXPECT_FALSE(also_open.closed);
}

TEST_F(Login, again_over_one_connection_waits_for_no_replay_that_is_still_unread) {
  start();
  FakeClient ada(hub);
  ada.log_in("ada");
  ada.waits = hub.config.send_queue_bytes + 1;
  ada.text("1");
  EXPECT_EQ(ada.closed, CloseReason::slow_consumer) << "it would count as that of a client without a login";
  FakeClient in_two(hub);
  in_two.waits = hub.config.send_queue_bytes + 1;
  in_two.log_in("ada");
  EXPECT_EQ(in_two.closed, CloseReason::slow_consumer);
}

TEST_F(Login, one_sent_away_hears_it_whatever_waits_for_it) {
  hub.events().on("go", [](Socket& socket, const json&, Ack) { socket.disconnect(); });
  start();
  FakeClient ada(hub);
  ada.log_in("ada");
  ada.take();
  ada.waits = hub.config.send_queue_bytes;
  ada.text(R"(2["go"])");
  EXPECT_EQ(ada.take(), Packets{"41"}) << "or it would come back by itself";
  EXPECT_FALSE(ada.closed);
}

TEST_F(Login, again_over_one_connection_costs_what_it_brings) {
  hub.config.client_events_per_s = 100;
  start();
  for (int i = 0; i < 1000; ++i)
    ASSERT_TRUE(hub.directory.emit("ada", *users::job_frame(JobCompleted{.job_id = std::to_string(i)}, {})));
  FakeClient ada(hub);
  ada.log_in("ada");
  EXPECT_TRUE(ada.reading) << "the first is free";
  ada.text("1");
  ada.log_in("ada");
  EXPECT_FALSE(ada.reading);
  turn_clock(std::chrono::seconds(7), ada);
  EXPECT_FALSE(ada.reading);
  turn_clock(std::chrono::seconds(2), ada);
  EXPECT_TRUE(ada.reading);
}

TEST_F(Login, other_namespaces_are_counted_as_well_together) {
  Config config;
  config.max_connections_per_user = 2;
  FakeHub small(config);
  for (const char* nsp : {"/a", "/b"}) small.events(nsp);
  small.registry.start(small.config);
  const auto log_in = [](FakeClient& client, const std::string& nsp) {
    client.log_in("ada", nsp + ',');
    client.take();
  };
  FakeClient first(small, 0), second(small, 1), third(small, 1), fourth(small, 0);
  log_in(first, "/a");
  log_in(second, "/b");
  small.deliver();
  EXPECT_FALSE(first.closed);
  log_in(third, "/a");
  small.deliver();
  EXPECT_EQ(first.take(), Packets{"41/a,"});
  EXPECT_EQ(first.closed, CloseReason::forced_close);
  second.text("1/b,");
  log_in(fourth, "/b");
  small.deliver();
  EXPECT_EQ(third.take(), Packets{});
}

TEST_F(Login, several_logins_at_once_send_as_many_of_the_oldest_away) {
  Config config;
  config.max_connections_per_user = 2;
  FakeHub small(config);
  small.registry.start(small.config);
  FakeClient a(small, 0), b(small, 0), c(small, 0), d(small, 0);
  for (FakeClient* client : {&a, &b, &c, &d}) {
    client->log_in("ada");
    client->take();
  }
  small.deliver();
  EXPECT_EQ(a.take(), Packets{"41"});
  EXPECT_EQ(b.take(), Packets{"41"});
  EXPECT_EQ(c.take(), Packets{});
  EXPECT_EQ(d.take(), Packets{});
}

TEST(JwtSettings, without_a_secret_nothing_starts_and_the_message_says_what_to_set) {
  FakeHub hub;
  hub.config.jwt_secret.clear();
  try {
    hub.registry.start(hub.config);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("JWT_SECRET is not set"), std::string::npos);
  }
}

}  // namespace
}  // namespace signalbox::hub::test
