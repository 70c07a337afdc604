#include <gtest/gtest.h>
#include <malloc.h>

#include "fake_hub.hpp"

namespace signalbox::hub::test {
namespace {

/// A hub without JwtAuth, where all are let in.
struct Open : testing::Test {
  Open() { hub.events().without_jwt(); }
  FakeClient& start() {
    hub.registry.start(hub.config);
    client = std::make_unique<FakeClient>(hub);
    return *client;
  }
  FakeClient& joined() {
    start().text("0");
    client->take();
    return *client;
  }
  FakeHub hub;
  std::unique_ptr<FakeClient> client;
};

TEST_F(Open, a_client_joins_the_main_namespace_and_gets_exactly_a_sid) {
  start().text("0");
  EXPECT_EQ(client->take(), Packets{R"(40{"sid":"SID"})"});
  EXPECT_TRUE(client->authenticated);
}

TEST_F(Open, a_client_that_has_left_its_namespaces_is_as_one_that_never_joined) {
  hub.events("/other").without_jwt();
  joined().text("0/other,");
  test_now += std::chrono::hours(1);
  client->text("1");
  EXPECT_TRUE(client->authenticated) << "it has another";
  EXPECT_EQ(client->client.next_deadline(), kNever);
  client->text("1/other,");
  EXPECT_FALSE(client->authenticated);
  EXPECT_EQ(client->client.next_deadline(), test_now + hub.config.connect_timeout);
  client->text("0");
  EXPECT_TRUE(client->authenticated);
  EXPECT_EQ(client->client.next_deadline(), kNever);
  client->text("1");
  test_now += hub.config.connect_timeout;
  client->client.on_timer(test_now);
  EXPECT_EQ(client->closed, CloseReason::forced_close);
}

TEST_F(Open, an_unknown_namespace_is_refused_and_the_connection_stays) {
  start().text("0/nope,");
  EXPECT_EQ(client->take(), Packets{R"(44/nope,{"message":"Invalid namespace"})"});
  EXPECT_FALSE(client->closed);
}

TEST_F(Open, names_that_every_object_has_in_javascript_are_unknown_namespaces_too) {
  start();
  for (const std::string name : {"/__proto__", "/constructor", "/toString"}) {
    client->text("0" + name + ",");
    EXPECT_EQ(client->take(), Packets{"44" + name + R"(,{"message":"Invalid namespace"})"});
  }
}

TEST_F(Open, a_second_connect_for_a_joined_namespace_closes) {
  joined().text("0");
  EXPECT_EQ(client->closed, CloseReason::parse_error);
}

TEST_F(Open, anything_but_connect_for_a_namespace_not_joined_closes) {
  for (const char* packet : {"2[\"x\"]",
                             "3"
                             "1[]",
                             "1", "2/other,[\"x\"]", "51-[\"x\",{\"_placeholder\":true,\"num\":0}]"}) {
    FakeHub other;
    other.events().without_jwt();
    other.registry.start(other.config);
    FakeClient stranger(other);
    stranger.text(packet);
    EXPECT_EQ(stranger.closed, CloseReason::parse_error) << packet;
  }
}

TEST_F(Open, a_connection_joins_ten_namespaces_and_no_more) {
  for (int i = 0; i < 10; ++i) hub.events("/n" + std::to_string(i)).without_jwt();
  joined();
  for (int i = 0; i < 9; ++i) client->text("0/n" + std::to_string(i));
  EXPECT_FALSE(client->closed);
  client->text("0/n9");
  EXPECT_EQ(client->closed, CloseReason::parse_error);
}

TEST_F(Open, a_connect_payload_is_never_larger_than_a_message_before_login) {
  hub.events("/custom").without_jwt();
  hub.events("/more").without_jwt();
  joined();
  const auto payload = [](std::size_t size) { return R"({"p":")" + std::string(size - 8, 'x') + "\"}"; };
  client->text("0/custom," + payload(hub.config.preauth_message_bytes));
  EXPECT_FALSE(client->closed);
  client->text("0/more," + payload(hub.config.preauth_message_bytes + 1));
  EXPECT_EQ(client->closed, CloseReason::too_large);
}

/// The memory that each of a thousand sockets takes that logged in to this hub with claims of 4 KB and a payload of 10
/// KB beside their token.
std::size_t kept_of_each(FakeHub& hub) {
  constexpr std::size_t kSockets = 1000;
  hub.config.presence_events = false;
  hub.registry.start(hub.config);
  const std::string claims = R"({"id":"ada","about":")" + std::string(4000, 'y') + "\"}";
  const std::string login =
      R"(0{"token":")" + auth::sign_hs256(claims, kSecret) + R"(","p":")" + std::string(10'000, 'x') + "\"}";
  std::vector<std::unique_ptr<FakeClient>> clients;
  const auto log_in = [&] {
    clients.push_back(std::make_unique<FakeClient>(hub));
    clients.back()->text(login);
    EXPECT_EQ(clients.back()->take().size(), 2u);
  };
  log_in();
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < kSockets; ++i) log_in();
  return (mallinfo2().uordblks - before) / kSockets;
}

TEST(ConnectPayload, and_user_are_not_kept_where_no_handler_can_ask_for_them) {
  Config config;
  config.max_connections_per_user = 0;
  FakeHub hub(config);
  EXPECT_LT(kept_of_each(hub), 2000u);
}

TEST(ConnectPayload, and_user_are_kept_without_the_token_where_one_can) {
  Config config;
  config.max_connections_per_user = 0;
  FakeHub hub(config);
  hub.events().on_connect([](Socket&) {});
  EXPECT_LT(kept_of_each(hub), 10'000u + 4000u + 2000u);
}

TEST_F(Open, leaving_a_namespace_leaves_the_others) {
  hub.events("/custom").without_jwt();
  int left = 0;
  hub.events("/custom").on_disconnect(
      [&](Socket&, std::string_view reason) { left += reason == "client namespace disconnect"; });
  hub.events().on("ask", [](Socket&, const json&, Ack ack) { ack("yes"); });
  joined().text("0/custom");
  client->text("1/custom,");
  client->take();
  client->text("27[\"ask\"]");
  EXPECT_EQ(client->take(), Packets{R"(437["yes"])"});
  EXPECT_EQ(left, 1);
}

TEST_F(Open, who_joins_nothing_in_time_is_closed) {
  start();
  EXPECT_EQ(client->client.next_deadline(), test_now + hub.config.connect_timeout);
  client->client.on_timer(test_now + hub.config.connect_timeout);
  EXPECT_EQ(client->closed, CloseReason::forced_close);
}

TEST_F(Open, an_event_comes_to_its_handler_with_its_arguments_and_is_acknowledged) {
  hub.events().on("sum",
                  [](Socket&, const json& values, Ack ack) { ack(values[0].get<int>() + values[1].get<int>()); });
  joined().text("212[\"sum\",2,3]");
  EXPECT_EQ(client->take(), Packets{"4312[5]"});
}

TEST_F(Open, a_text_handler_gets_the_clients_own_bytes) {
  std::string got;
  hub.events().on_text("x", [&](Socket&, Arguments arguments, Ack ack) {
    got = arguments.text;
    EXPECT_FALSE(ack);
    ack("nobody asked");
  });
  joined().text("2[\"x\", 1.50,{ \"a\":100000000000000000000 }]");
  EXPECT_EQ(got, R"([1.50,{ "a":100000000000000000000 }])");
  EXPECT_EQ(client->take(), Packets{});
}

TEST_F(Open, an_ack_may_be_kept_and_called_later_from_any_thread_once) {
  Ack kept;
  hub.events().on("ask", [&](Socket&, const json&, Ack ack) { kept = std::move(ack); });
  joined().text("21[\"ask\"]");
  test_shard = -1;
  kept(1);
  kept(2);
  EXPECT_EQ(client->take(), Packets{});
  hub.deliver();
  EXPECT_EQ(client->take(), Packets{"431[1]"});
}

TEST_F(Open, an_ack_for_a_socket_that_has_gone_is_a_no_op) {
  Ack kept;
  hub.events().on("ask", [&](Socket&, const json&, Ack ack) { kept = std::move(ack); });
  joined().text("21[\"ask\"]");
  client->text("1");
  kept(1);
  EXPECT_EQ(client->take(), Packets{});
}

TEST_F(Open, events_that_nobody_handles_are_ignored_and_counted) {
  joined();
  for (const char* name : {"error", "toString", "hasOwnProperty", "__proto__", "x"})
    client->text("2[\"" + std::string(name) + "\"]");
  EXPECT_EQ(client->take(), Packets{});
  EXPECT_FALSE(client->closed);
  EXPECT_EQ(hub.hub.counters.ignored_events.load(), 5u);
}

TEST_F(Open, a_handler_for_any_event_gets_those_without_one_of_their_own) {
  std::string seen;
  hub.events().on("own", [&](Socket&, const json&, Ack) { seen += "own "; });
  hub.events().on_any([&](Socket&, std::string_view event, Arguments arguments, Ack ack) {
    seen += std::string(event) + arguments.text + ' ';
    ack.send_text("[1]");
  });
  joined().text(R"(27["other", 1.50])");
  client->text(R"(2["own"])");
  EXPECT_EQ(seen, R"(other[1.50] own )");
  EXPECT_EQ(client->take(), Packets{"437[1]"});
  EXPECT_EQ(hub.hub.counters.ignored_events.load(), 0u);
}

TEST_F(Open, a_handler_that_throws_is_counted_and_the_connection_lives) {
  hub.events().on("bad", [](Socket&, const json&, Ack) { throw std::runtime_error("no"); });
  hub.events().on("worse", [](Socket&, const json&, Ack) { throw 1; });
  joined().text("2[\"bad\"]");
  client->text("2[\"worse\"]");
  EXPECT_FALSE(client->closed);
  EXPECT_EQ(hub.hub.counters.handler_errors.load(), 2u);
}

TEST_F(Open, reserved_and_impossible_event_names_close) {
  for (const std::string& packet :
       {std::string("2[\"connect\"]"), std::string("2[\"disconnecting\"]"), std::string("2[{}]"), std::string("2[]"),
        std::string("2[null]"), "2[\"" + std::string(257, 'x') + "\"]"}) {
    FakeHub other;
    other.events().without_jwt();
    other.registry.start(other.config);
    FakeClient one(other);
    one.text("0");
    one.text(packet);
    EXPECT_EQ(one.closed, CloseReason::parse_error) << packet;
  }
}

TEST_F(Open, on_connect_comes_after_the_answer_and_on_disconnect_once) {
  std::vector<std::string> calls;
  hub.events().on_connect([&](Socket& socket) {
    calls.push_back("connect");
    socket.emit("hello", 1);
  });
  hub.events().on_disconnect([&](Socket&, std::string_view reason) { calls.push_back(std::string(reason)); });
  start().text("0");
  EXPECT_EQ(client->take(), (Packets{R"(40{"sid":"SID"})", R"(42["hello",1])"}));
  client->close(CloseReason::ping_timeout, test_now);
  EXPECT_EQ(calls, (std::vector<std::string>{"connect", "ping timeout"}));
}

TEST_F(Open, a_handler_may_send_its_own_socket_away) {
  int left = 0;
  hub.events().on("bye", [](Socket& socket, const json&, Ack) {
    socket.disconnect();
    socket.emit("too", "late");
  });
  hub.events().on("end", [](Socket& socket, const json&, Ack) { socket.disconnect(true); });
  hub.events().on_disconnect(
      [&](Socket&, std::string_view reason) { left += reason == "server namespace disconnect"; });
  joined().text("2[\"bye\"]");
  EXPECT_EQ(client->take(), Packets{"41"});
  EXPECT_FALSE(client->closed);
  client->text("0");
  client->text("2[\"end\"]");
  EXPECT_EQ(client->closed, CloseReason::forced_close);
  EXPECT_EQ(left, 2);
}

TEST_F(Open, binary_travels_both_ways) {
  hub.events().on_text("file", [](Socket& socket, Arguments arguments, Ack ack) {
    socket.emit_text("back", arguments.text, arguments.attachments);
    ack.send_text(arguments.text, arguments.attachments);
  });
  joined().text(R"(52-9["file",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]])");
  client->binary("one");
  EXPECT_EQ(client->take(), Packets{});
  client->binary("two");
  const std::string holes = R"({"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]])";
  EXPECT_EQ(client->take(), (Packets{R"(452-["back",)" + holes, "b:one", "b:two", "462-9[" + holes, "b:one", "b:two"}));
}

TEST_F(Open, attachments_out_of_turn_close) {
  const std::string head = R"(51-["x",{"_placeholder":true,"num":0}])";
  const std::vector<std::vector<std::string>> cases = {{"b"}, {head, "2[\"x\"]"}, {head, "b", "b"}};
  for (const auto& packets : cases) {
    FakeHub other;
    other.events().without_jwt();
    other.registry.start(other.config);
    FakeClient one(other);
    one.text("0");
    for (const auto& packet : packets) packet == "b" ? one.binary(packet) : one.text(packet);
    EXPECT_EQ(one.closed, CloseReason::parse_error) << testing::PrintToString(packets);
  }
}

TEST_F(Open, placeholders_that_name_no_attachment_close) {
  for (const char* num : {"-1", "1.5", "\"splice\"", "9007199254740992", "1", "null"}) {
    FakeHub other;
    other.events().without_jwt();
    other.registry.start(other.config);
    FakeClient one(other);
    one.text("0");
    one.text(std::string(R"(51-["x",{"_placeholder":true,"num":)") + num + "}]");
    EXPECT_EQ(one.closed, CloseReason::parse_error) << num;
  }
}

TEST_F(Open, attachments_count_in_the_largest_payload_and_have_their_time) {
  hub.config.max_payload_bytes = 100;
  joined().text(R"(51-["x",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(client->client.next_deadline(), test_now + hub.config.attachments_timeout);
  client->binary(std::string(90, 'x'));
  EXPECT_EQ(client->closed, CloseReason::parse_error);

  FakeClient late(hub);
  late.text("0");
  late.text(R"(51-["x",{"_placeholder":true,"num":0}])");
  late.client.on_timer(test_now + hub.config.attachments_timeout);
  EXPECT_EQ(late.closed, CloseReason::parse_error);
}

TEST_F(Open, a_server_waits_for_an_acknowledgement_and_gets_it_or_hears_why_not) {
  std::vector<std::string> got;
  const auto note = [&](AckResult result) {
    got.push_back(result ? result->text.str() : std::to_string(static_cast<int>(result.error())));
  };
  hub.config.max_pending_acks = 3;
  hub.events().on("go", [&](Socket& socket, const json&, Ack) {
    for (int i = 0; i < 4; ++i) socket.emit_with_ack("ask", "[1]", note, Milliseconds(1000 + i));
  });
  joined().text("2[\"go\"]");
  EXPECT_EQ(client->take(), (Packets{R"(420["ask",1])", R"(421["ask",1])", R"(422["ask",1])"}));
  client->text("31[5,{\"test\":true}]");
  client->text("31[\"again\"]");
  client->text("399[\"nobody waits\"]");
  client->client.on_timer(test_now + Milliseconds(1000));
  client->text("1");
  const auto text = [](AckError error) { return std::to_string(static_cast<int>(error)); };
  EXPECT_EQ(got, (std::vector<std::string>{text(AckError::too_many_pending), R"([5,{"test":true}])",
                                           text(AckError::timeout), text(AckError::disconnected)}));
}

TEST_F(Open, who_sends_more_than_the_budget_is_not_read_until_it_has_refilled) {
  hub.config.client_events_per_s = 10;
  joined();
  for (int i = 0; i < 25; ++i) client->text("2[\"x\"]");
  EXPECT_FALSE(client->reading);
  const TimePoint again = client->client.next_deadline();
  EXPECT_GT(again, test_now);
  EXPECT_LE(again, test_now + Milliseconds(1000));
  client->client.on_timer(again);
  EXPECT_TRUE(client->reading);
}

// The POST that waits meanwhile is given up by a proxy else.
TEST_F(Open, who_sent_a_thousand_packets_in_one_request_is_held_for_twenty_seconds_at_most) {
  hub.config.client_events_per_s = 10;
  joined();
  for (int i = 0; i < 1000; ++i) client->text("2[\"x\"]");
  EXPECT_GT(client->client.next_deadline(), test_now + Milliseconds(19'900));
  EXPECT_LE(client->client.next_deadline(), test_now + Milliseconds(20'001));
}

TEST_F(Open, acknowledgements_cost_nothing_of_the_budget) {
  hub.config.client_events_per_s = 10;
  joined();
  for (int i = 0; i < 100; ++i) client->text("3" + std::to_string(i) + "[]");
  EXPECT_TRUE(client->reading);
}

/// Text that is too large to be taken, of which nobody reads a byte.
JsonView huge() {
  return std::string_view("[1]", kMaxMessageBytes + 1);
}

TEST_F(Open, what_a_handler_hands_in_that_no_frame_can_hold_is_refused) {
  int refused = 0;
  const auto refuses = [&refused](auto call) {
    try {
      call();
    } catch (const std::invalid_argument&) {
      ++refused;
    }
  };
  hub.events().on_connect([&](Socket& socket) {
    refuses([&] { socket.emit_text("x", huge()); });
    refuses([&] { socket.emit_with_ack("x", huge(), [](const AckResult&) {}); });
  });
  hub.events().on_text("ask", [&](Socket&, const Arguments&, Ack ack) {
    std::string answer;
    answer.resize_and_overwrite(kMaxMessageBytes + 1, [](char*, std::size_t size) { return size; });
    refuses([&] { ack.send_text(std::move(answer)); });
  });
  joined().text(R"(27["ask"])");
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(client->take(), Packets{});
}

TEST_F(Open, the_handshake_is_what_socket_io_shows) {
  json seen;
  hub.events().on_connect([&](Socket& socket) { seen = socket.handshake().to_json(); });
  hub.registry.start(hub.config);
  FakeClient one(hub, 0, "X-Two:a\nx-two:b\nOrigin:http://o\n");
  one.text(R"(0{"a":1})");
  const json want = {{"headers", {{"host", "x"}, {"x-two", "a, b"}, {"origin", "http://o"}}},
                     {"time", "Tue Nov 14 2023 22:13:20 GMT+0000 (Coordinated Universal Time)"},
                     {"address", "10.0.0.1"},
                     {"xdomain", true},
                     {"secure", false},
                     {"issued", 1'700'000'000'000},
                     {"url", "/socket.io/?EIO=4&transport=websocket&token=query"},
                     {"query", {{"EIO", "4"}, {"transport", "websocket"}, {"token", "query"}}},
                     {"auth", {{"a", 1}}}};
  EXPECT_EQ(seen, want);
}

TEST_F(Open, the_handshake_is_secure_if_a_proxy_took_it_by_https) {
  bool secure = false;
  hub.events().on_connect([&](Socket& socket) { secure = socket.handshake().secure; });
  hub.registry.start(hub.config);
  for (const auto& [fields, wanted] :
       std::initializer_list<std::pair<const char*, bool>>{{"X-Forwarded-Proto:https\n", true},
                                                           {"x-forwarded-proto: HTTPS , http\n", true},
                                                           {"X-Forwarded-Proto:wss\n", true},
                                                           {"X-Forwarded-Proto:http, https\n", false},
                                                           {"", false}}) {
    FakeClient one(hub, 0, fields);
    one.text("0");
    EXPECT_EQ(secure, wanted) << fields;
  }
}

TEST_F(Open, a_middleware_refuses_with_an_error_that_the_client_sees) {
  hub.events().use([](ConnectRequest& request) -> std::expected<void, ConnectRefusal> {
    if (request.query("token") == "query")
      return std::unexpected(ConnectRefusal{.message = "not authorized", .data = {{"why", 1}}});
    return {};
  });
  start().text("0");
  EXPECT_EQ(client->take(), Packets{R"(44{"message":"not authorized","data":{"why":1}})"});
  EXPECT_FALSE(client->authenticated);
}

TEST_F(Open, a_middleware_that_throws_lets_nobody_in) {
  hub.events().use(
      [](ConnectRequest&) -> std::expected<void, ConnectRefusal> { throw std::runtime_error("database"); });
  start().text("0");
  EXPECT_EQ(client->take(), Packets{R"(44{"message":"Internal server error"})"});
}

TEST_F(Open, another_middleware_may_say_who_the_user_is) {
  hub.events().use([](ConnectRequest& request) -> std::expected<void, ConnectRefusal> {
    request.set_user("ada", R"({"id":"ada","role":"x"})");
    return {};
  });
  start().text("0");
  EXPECT_EQ(client->take(), (Packets{R"(40{"sid":"SID"})", R"(42["authenticated",{"user":{"id":"ada","role":"x"}}])"}));
  EXPECT_TRUE(hub.directory.presence.online("ada"));
}

TEST(Registration, names_what_is_wrong) {
  FakeHub hub;
  EXPECT_THROW(hub.events("nope"), std::invalid_argument);
  EXPECT_THROW(hub.events("/a,b"), std::invalid_argument);
  EXPECT_THROW(hub.events().on("connect", [](Socket&, const json&, Ack) {}), std::invalid_argument);
  hub.events().on("x", [](Socket&, const json&, Ack) {});
  EXPECT_THROW(hub.events().on("x", [](Socket&, const json&, Ack) {}), std::invalid_argument);
  hub.registry.start(hub.config);
  EXPECT_THROW(hub.events().on("y", [](Socket&, const json&, Ack) {}), std::invalid_argument);
  FakeHub other;
  other.events().on("authenticate", [](Socket&, const json&, Ack) {});
  EXPECT_THROW(other.registry.start(other.config), std::invalid_argument);
}

}  // namespace
}  // namespace signalbox::hub::test
