#include <gtest/gtest.h>

#include "recovering_client.hpp"

namespace signalbox::hub::test {
namespace {

using namespace std::chrono_literals;

struct Recovery : RecoveryWorld {};

TEST_F(Recovery, is_off_unless_it_is_wanted) {
  FakeHub plain;
  plain.registry.start(plain.config);
  Recovering ada(plain, "ada");
  ada.connect();
  EXPECT_EQ(ada.pid, "");
  EXPECT_EQ(ada.take(), kAuthenticated);
  EXPECT_EQ(ada.offset, "");
}

TEST_F(Recovery, the_first_event_of_a_login_carries_an_offset_already) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  EXPECT_EQ(ada.pid.size(), 20u);
  EXPECT_NE(ada.pid, ada.sid);
  EXPECT_EQ(ada.take(), kAuthenticated);
  EXPECT_TRUE(ada.offset.starts_with(hub.hub.recovery.run() + ".0."));
}

TEST_F(Recovery, brings_the_same_ids_then_what_was_missed_then_the_login_then_news) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  emit("ada", 1);
  ada.hear();
  const std::string sid = ada.sid, pid = ada.pid;
  emit("ada", 2);  // written, never heard
  ada.cut();
  EXPECT_EQ(emit("ada", 3), 0u) << "nobody is there";
  ada.take();
  ada.connect();
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(ada.sid, sid);
  EXPECT_EQ(ada.pid, pid);
  EXPECT_EQ(ada.take(), events_of({2, 3}) + kAuthenticated);
  EXPECT_EQ(emit("ada", 4), 1u);
  ada.hear();
  EXPECT_EQ(ada.take(), events_of({4}));
}

TEST_F(Recovery, missed_events_keep_the_bytes_that_they_had) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  const std::string had = ada.offset;
  emit("ada", 1);
  const std::string missed = ada.connection().sent.back();
  ada.connection().sent.clear();
  ada.cut();
  for (const unsigned shard : {1u, 0u, 0u}) {
    ada.offsets.clear();
    ada.take();
    ada.connect(shard);
    EXPECT_TRUE(ada.recovered);
    EXPECT_EQ(ada.heard[0], Told(missed).event);
    EXPECT_EQ(ada.offsets[0], Told(missed).offset);
    ada.offset = had;  // it heard nothing of it
    ada.cut();
  }
}

TEST_F(Recovery, offsets_name_the_run_so_that_a_restarted_server_recovers_nobody_at_a_wrong_place) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  FakeHub restarted(recovering_config());
  restarted.registry.start(restarted.config);
  Recovering same(restarted, "ada");
  same.pid = ada.pid;
  same.offset = ada.offset;
  same.connect();
  EXPECT_FALSE(same.recovered);
  EXPECT_NE(same.pid, ada.pid);
  EXPECT_EQ(same.take(), kAuthenticated);
}

TEST_F(Recovery, the_window_is_counted_from_the_disconnect) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  turn_clock(10min);
  ada.cut();
  turn_clock(120s - 1ms);
  ada.connect();
  EXPECT_TRUE(ada.recovered);
  ada.cut();
  turn_clock(120s);
  EXPECT_EQ(hub.hub.recovery.size(), 0u);
  EXPECT_EQ(hub.locals[0]->outboxes().bytes(), 0u);
  ada.connect();
  EXPECT_FALSE(ada.recovered);
}

TEST_F(Recovery, follows_only_on_an_end_after_which_clients_come_back) {
  start();
  for (const CloseReason reason :
       {CloseReason::transport_close, CloseReason::transport_error, CloseReason::ping_timeout,
        CloseReason::forced_close, CloseReason::server_shutting_down}) {
    Recovering ada(hub, "ada");
    ada.connect();
    ada.cut(reason);
    ada.connect();
    EXPECT_TRUE(ada.recovered) << to_text(reason);
  }
  for (const CloseReason reason : {CloseReason::parse_error, CloseReason::slow_consumer}) {
    Recovering ada(hub, "ada");
    ada.connect();
    ada.cut(reason);
    ada.connect();
    EXPECT_FALSE(ada.recovered) << to_text(reason);
  }
}

TEST_F(Recovery, does_not_follow_on_41_from_either_side) {
  hub.events().on("go away", [](Socket& socket, const json&, Ack) { socket.disconnect(); });
  start();
  for (const std::string end : {"1", R"(2["go away"])"}) {
    Recovering ada(hub, "ada");
    ada.connect();
    ada.connection().text(end);
    ada.cut();
    ada.connect();
    EXPECT_FALSE(ada.recovered) << end;
    ada.connection().text("1");
    ada.cut();
  }
  EXPECT_EQ(hub.hub.recovery.size(), 0u);
}

TEST_F(Recovery, a_state_is_dropped_once_recovered) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  ada.cut();
  ada.connect();
  EXPECT_TRUE(ada.recovered);
  ada.connection().text("1");
  ada.cut();
  ada.connect();
  EXPECT_FALSE(ada.recovered);
}

TEST_F(Recovery, is_of_the_same_user_and_namespace_alone) {
  hub.events("/other");
  start();
  Recovering ada(hub, "ada"), eve(hub, "eve");
  ada.connect();
  ada.cut();
  eve.pid = ada.pid;
  eve.offset = ada.offset;
  eve.connect();
  EXPECT_FALSE(eve.recovered);
  EXPECT_NE(eve.sid, ada.sid);
  Recovering elsewhere(hub, "ada");
  elsewhere.pid = ada.pid;
  elsewhere.connect(0, "/other");
  EXPECT_FALSE(elsewhere.recovered);
  ada.connect(1);
  EXPECT_TRUE(ada.recovered) << "nobody else's attempt harms it";
}

TEST_F(Recovery, a_refused_socket_gets_no_pid_and_a_bad_token_recovers_nothing) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  ada.cut();
  FakeClient bad(hub);
  bad.text("0" + json{{"token", "x"}, {"pid", ada.pid}, {"offset", ada.offset}}.dump());
  hub.deliver();
  ASSERT_EQ(bad.sent.size(), 3u);
  EXPECT_EQ(bad.sent[0].find("pid"), std::string::npos);
  EXPECT_TRUE(bad.sent[1].starts_with("42[\"unauthorized\"") && bad.sent[1].ends_with("}]"));
  ada.connect();
  EXPECT_TRUE(ada.recovered);
}

TEST_F(Recovery, works_in_other_namespaces_and_without_a_user) {
  hub.events("/open").without_jwt().on(
      "say", [](Socket& socket, const json& words, Ack) { socket.emit("said", words.at(0)); });
  start();
  Recovering guest(hub, "");
  guest.connect(0, "/open");
  guest.connection().text(R"(2/open,["say",1])");
  guest.connection().text(R"(2/open,["say",2])");
  EXPECT_TRUE(guest.connection().sent.at(0).starts_with(R"(42/open,["said",1,")"));
  guest.offset = Told(guest.connection().sent[0]).offset;
  const std::string second = guest.connection().sent.at(1);
  guest.cut();
  guest.connect(1, "/open");
  EXPECT_TRUE(guest.recovered);
  EXPECT_EQ(guest.offset, Told(second).offset);
}

TEST_F(Recovery, brings_the_attachments_of_an_event_and_gives_acknowledged_ones_no_offset) {
  hub.events().on("picture", [](Socket& socket, const json&, Ack) {
    socket.emit_text("picture", R"([{"_placeholder":true,"num":0}])", {"bytes"});
    socket.emit_with_ack("question", "[]", [](AckResult) {});
  });
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  const std::string offset = ada.offset;
  ada.connection().text(R"(2["picture"])");
  const Packets sent = ada.connection().sent;
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_TRUE(sent[0].starts_with(R"(451-["picture",{"_placeholder":true,"num":0},")"));
  EXPECT_EQ(sent[1], "b:bytes");
  EXPECT_EQ(sent[2], R"(420["question"])");
  ada.connection().sent.clear();
  ada.take();
  ada.cut();
  ada.connect(1);
  EXPECT_EQ(ada.take(), (Packets{sent[0], "b:bytes"}) + kAuthenticated);
}

TEST_F(Recovery, tells_the_application) {
  std::vector<std::string> calls;
  hub.events()
      .on_connect(
          [&](Socket& socket) { calls.push_back(std::string(socket.id()) + (socket.recovered() ? " again" : " new")); })
      .on_disconnect([&](Socket& socket, std::string_view reason) {
        calls.push_back(std::string(socket.id()) + ' ' + std::string(reason));
      });
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  const std::string id = ada.sid;
  ada.cut();
  ada.connect();
  EXPECT_EQ(calls, (std::vector<std::string>{id + " new", id + " transport close", id + " again"}));
}

TEST_F(Recovery, leaves_nothing_of_pid_and_offset_in_the_handshake) {
  json seen;
  hub.events().on_connect([&](Socket& socket) { seen = socket.handshake().auth; });
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  ada.cut();
  ada.connect();
  EXPECT_TRUE(ada.recovered);
  EXPECT_EQ(seen, json::object());
}

TEST_F(Recovery, verifies_the_token_again_and_arms_its_end_anew) {
  start();
  Recovering ada(hub, "ada");
  ada.connect();
  ada.cut();
  FakeClient back(hub, 1);
  const auto unix_now = std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
  const std::string token = auth::sign_hs256(json{{"id", "ada"}, {"exp", unix_now + 100}}.dump(), kSecret);
  back.text("0" + json{{"token", token}, {"pid", ada.pid}, {"offset", ada.offset}}.dump());
  hub.deliver();
  EXPECT_NE(back.sent.at(0).find(ada.pid), std::string::npos);
  test_now += 101s;
  ASSERT_LE(back.client.next_deadline(), test_now);
  back.client.on_timer(test_now);
  EXPECT_EQ(back.sent.back(), "41");
  EXPECT_EQ(hub.hub.recovery.size(), 0u) << "that is no end after which one comes back";
}

struct RecoveryOfTwoAtMost : RecoveryWorld {
  static Config config() {
    Config config = recovering_config();
    config.max_connections_per_user = 2;
    return config;
  }
  RecoveryOfTwoAtMost() : RecoveryWorld(config()) {}
};

TEST_F(RecoveryOfTwoAtMost, counts_only_who_is_connected) {
  start();
  Recovering ada(hub, "ada"), tab(hub, "ada");
  ada.connect();
  tab.connect(1);
  ada.cut();
  EXPECT_EQ(hub.directory.sockets.connections("ada"), 1u);
  EXPECT_EQ(emit("ada", 1), 1u);
  ada.connect(1);
  EXPECT_EQ(hub.directory.sockets.connections("ada"), 2u);
  EXPECT_EQ(emit("ada", 2), 2u);
}

TEST_F(RecoveryOfTwoAtMost, waits_for_the_two_who_went_last) {
  start();
  std::deque<Recovering> tabs;
  for (int pair = 0; pair < 3; ++pair) {
    for (unsigned shard : {0u, 1u}) tabs.emplace_back(hub, "ada").connect(shard);
    for (std::size_t i : {1, 2}) tabs[tabs.size() - i].cut();  // before any shard has looked into its mailbox
  }
  hub.deliver();
  EXPECT_EQ(hub.hub.recovery.size(), 2u);
  EXPECT_EQ(emit("ada", 1), 0u);
  for (std::size_t i = 0; i < tabs.size(); ++i) {
    tabs[i].take();
    tabs[i].connect(0);
    EXPECT_EQ(tabs[i].recovered, i >= 4) << i;
    EXPECT_EQ(tabs[i].take(), i >= 4 ? events_of({1}) + kAuthenticated : kAuthenticated);
    tabs[i].connection().text("1");  // and leaves for good
  }
  turn_clock(10s);
  EXPECT_EQ(hub.directory.entries(), 0u);
}

TEST_F(Recovery, a_frame_for_several_sockets_of_a_shard_is_encoded_once) {
  start();
  Recovering ada(hub, "ada"), tab(hub, "ada");
  ada.connect(0);
  tab.connect(0);
  emit("ada", 1);
  EXPECT_EQ(ada.connection().sent, tab.connection().sent);
}

TEST_F(Recovery, a_frame_is_kept_under_the_number_that_it_shows_whatever_is_sent_between_two_sockets_that_get_it) {
  hub.events().on("hi", [](Socket& socket, const json&, Ack) { socket.emit("hello", 1); });
  start();
  Recovering ada(hub, "ada"), tab(hub, "ada"), bob(hub, "bob");
  ada.connect(0);
  tab.connect(0);
  bob.connect(0);
  ASSERT_EQ(hub.directory.emit("ada", *users::checked_event_frame("n", "1")), 2u);
  auto& box = hub.mailboxes.boxes[0];
  box.insert(box.begin() + 1, Message::run([&] { bob.connection().text(R"(2["hi"])"); }));
  hub.deliver();
  for (Recovering* one : {&ada, &tab}) {
    one->hear();
    one->take();
    one->cut();
    one->connect(0);
    EXPECT_TRUE(one->recovered);
    EXPECT_EQ(one->take(), kAuthenticated) << "and not once more what was heard";
  }
}

}  // namespace
}  // namespace signalbox::hub::test
