#include <string>

#include "recorded_session.hpp"

namespace signalbox::engineio {
namespace {

// Source: Engine.IO protocol v4, "Handshake".
TEST(Session, opens_with_exactly_five_keys) {
  SessionOptions options;
  RecordingIo io;
  Session session(Sid(0, 0), Transport::polling, options, io, TimePoint(1h));
  session.on_get({.number = 1}, 0, TimePoint(1h));
  session.flush(TimePoint(1h));
  EXPECT_EQ(io.log,
            Log{R"(1:200:0{"sid":")" + std::string(session.sid()) +
                R"(","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})"});
}

TEST_F(SessionTest, a_get_waits_until_there_is_something_to_say) {
  get(1);
  EXPECT_EQ(io.log, Log{});
  send("4a");
  EXPECT_EQ(io.log, Log{"1:200:4a"});
}

TEST_F(SessionTest, a_post_is_delivered_packet_by_packet) {
  post(1,
       "4a\x1e"
       "4b\x1e"
       "bAQIDBA==");
  EXPECT_EQ(io.log, Log{"1:200:ok"});
  EXPECT_EQ(handler.log, (Log{"text a", "text b", "binary \x01\x02\x03\x04"}));
}

TEST_F(SessionTest, a_malformed_packet_ends_the_session_after_those_before_it) {
  post(1,
       "4a\x1e"
       "abc");
  EXPECT_EQ(io.log, Log{R"(1:400:{"code":3,"message":"Bad request"})"});
  EXPECT_EQ(handler.log, (Log{"text a", "closed: parse error"}));
}

TEST_F(SessionTest, a_ping_of_the_client_ends_the_session) {
  post(1, "2");
  EXPECT_EQ(handler.log, Log{"closed: parse error"});
}

TEST_F(SessionTest, a_second_get_is_refused_and_ends_the_session) {
  get(1);
  get(2);
  EXPECT_EQ(io.log, (Log{R"(2:400:{"code":3,"message":"Bad request"})", "1:200:1"}));
  EXPECT_EQ(handler.log, Log{"closed: transport error"});
  EXPECT_TRUE(session.finished());
}

TEST_F(SessionTest, the_peer_dropping_a_waiting_get_ends_the_session) {
  get(1);
  session.on_request_gone(request(1), now);
  EXPECT_EQ(handler.log, Log{"closed: transport close"});
}

TEST_F(SessionTest, a_client_that_says_close_gets_noop_for_its_get) {
  get(1);
  post(2, "1");
  EXPECT_EQ(io.log, (Log{"1:200:6", "2:200:ok"}));
  EXPECT_EQ(handler.log, Log{"closed: transport close"});
}

TEST_F(SessionTest, close_travels_alone_in_the_answer_after_the_last_events) {
  send("4last");
  session.close(CloseReason::forced_close, now);
  EXPECT_EQ(handler.log, Log{"closed: forced close"}) << "for the application it is over at once";
  get(1);
  EXPECT_FALSE(session.finished());
  get(2);
  EXPECT_EQ(io.log, (Log{"1:200:4last", "2:200:1"}));
  EXPECT_TRUE(session.finished());
}

TEST_F(SessionTest, a_closed_session_that_nobody_fetches_goes_after_thirty_seconds) {
  session.close(CloseReason::forced_close, now);
  wait(29999ms);
  EXPECT_FALSE(session.finished());
  wait(1ms);
  EXPECT_TRUE(session.finished());
}

TEST_F(SessionTest, the_server_pings_and_the_next_interval_begins_at_the_pong) {
  get(1);
  wait(25000ms);
  EXPECT_EQ(io.log, Log{"1:200:2"});
  now += 5s;
  post(2, "3");
  EXPECT_EQ(session.next_deadline(), now + 25s);
}

TEST_F(SessionTest, no_pong_in_time_ends_the_session_once) {
  get(1);
  wait(25000ms);
  wait(19999ms);
  EXPECT_EQ(handler.log, Log{});
  wait(1ms);
  wait(1min);
  EXPECT_EQ(handler.log, Log{"closed: ping timeout"});
}

TEST_F(SessionTest, a_ping_that_is_never_fetched_ends_it_as_well) {
  wait(25000ms);
  wait(20000ms);
  EXPECT_EQ(handler.log, Log{"closed: ping timeout"});
}

// Source: the protocol suite, "closes the session upon invalid packet format" and "… ping timeout": the next GET is a
// 400.
TEST_F(SessionTest, after_a_parse_error_the_sid_is_unknown_at_once) {
  post(1, "abc");
  EXPECT_TRUE(session.finished());
  io.log.clear();
  get(2);
  EXPECT_EQ(io.log, Log{R"(2:400:{"code":1,"message":"Session ID unknown"})"});
}

TEST_F(SessionTest, after_a_ping_timeout_the_sid_is_unknown_at_once) {
  wait(25000ms);
  wait(20000ms);
  EXPECT_TRUE(session.finished());
  get(1);
  EXPECT_EQ(io.log, Log{R"(1:400:{"code":1,"message":"Session ID unknown"})"});
}

TEST_F(SessionTest, while_a_client_is_not_read_its_silence_does_not_count) {
  get(1);
  wait(25000ms);
  ASSERT_EQ(io.log, Log{"1:200:2"});
  session.set_reading(false, now);
  wait(20000ms);
  wait(20000ms);
  EXPECT_TRUE(session.open());
  session.set_reading(true, now);
  wait(19999ms);
  EXPECT_TRUE(session.open());
  wait(1ms);
  EXPECT_FALSE(session.open());
}

TEST_F(SessionTest, a_client_that_is_not_read_hears_a_ping_at_each_interval) {
  upgrade();
  wait(25s);
  session.set_reading(false, now);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(written(), Log{"2"});
    wait(25s);
  }
  EXPECT_TRUE(session.open());
  session.set_reading(true, now);
  for (int i = 0; i < 4; ++i) session.on_websocket_text(1, "3", now);
  EXPECT_EQ(written(), Log{"2"}) << "the one that was due when it was read again";
  session.on_websocket_text(1, "3", now);
  EXPECT_EQ(session.next_deadline(), now + 25s);
}

TEST_F(SessionTest, over_polling_as_well_as_far_as_it_asks_for_them) {
  session.set_reading(false, now);
  for (std::uint32_t request = 1; request <= 3; ++request) {
    get(request);
    wait(25s);
    EXPECT_EQ(io.log.back(), std::to_string(request) + ":200:2");
  }
  wait(60s);
  wait(60s);
  get(4);
  EXPECT_EQ(io.log.back(), "4:200:2") << "one for all that it did not ask for";
}

TEST_F(SessionTest, a_client_that_is_read_again_is_silent_when_a_pong_that_is_due_does_not_follow) {
  upgrade();
  wait(25s);
  session.set_reading(false, now);
  written();
  wait(25s);
  written();
  session.set_reading(true, now);
  session.on_websocket_text(1, "3", now);
  wait(19999ms);
  EXPECT_TRUE(session.open());
  wait(1ms);
  EXPECT_EQ(handler.log, Log{"closed: ping timeout"}) << "there was a pong, but two were due";
}

TEST_F(SessionTest, a_get_that_comes_too_late_for_its_ping_is_refused_even_before_the_timer_runs) {
  wait(25000ms);
  now += 20s;
  get(1);
  EXPECT_EQ(io.log, Log{R"(1:400:{"code":1,"message":"Session ID unknown"})"});
}

TEST_F(SessionTest, a_waiting_get_learns_of_a_parse_error_by_a_lone_close) {
  get(1);
  post(2, "abc");
  EXPECT_EQ(io.log, (Log{R"(2:400:{"code":3,"message":"Bad request"})", "1:200:1"}));
}

TEST_F(SessionTest, a_pong_before_its_ping_was_written_confirms_nothing) {
  send("4outcome");
  session.confirm(7);
  post(1, "3");
  EXPECT_EQ(handler.log, Log{});
  get(2);
  post(3, "3");
  EXPECT_EQ(io.log, (Log{"1:200:ok",
                         "2:200:4outcome\x1e"
                         "2",
                         "3:200:ok"}));
  get(4);
  EXPECT_EQ(handler.log, Log{"received 7"});
}

TEST_F(SessionTest, a_slow_line_that_still_drains_is_given_time) {
  get(1);
  wait(25000ms);
  io.draining = true;
  wait(20000ms);
  EXPECT_TRUE(session.open());
  io.draining = false;
  wait(20000ms);
  EXPECT_FALSE(session.open());
}

TEST_F(SessionTest, on_a_slow_line_the_next_ping_does_not_wait_for_the_pong_to_the_last) {
  upgrade();
  wait(25s);
  EXPECT_EQ(written(), Log{"2"});
  io.draining = true;
  wait(20s);
  EXPECT_EQ(written(), Log{});
  wait(5s);
  EXPECT_EQ(written(), Log{"2"});
}

TEST_F(SessionTest, on_a_slow_line_a_ping_that_is_due_goes_before_what_waits_and_before_the_one_behind_it) {
  upgrade();
  send("4outcome");
  session.confirm(7);
  io.draining = true;
  wait(25s);
  EXPECT_EQ(written(), (Log{"2", "4outcome", "2"}));
  session.on_websocket_text(1, "3", now);
  EXPECT_EQ(handler.log, Log{}) << "it answers the first";
  session.on_websocket_text(1, "3", now);
  EXPECT_EQ(handler.log, Log{"received 7"});
}

TEST_F(SessionTest, the_upgrade_keeps_the_order_of_what_waits) {
  send("4before");
  EXPECT_TRUE(session.on_upgrade_request(1, now));
  session.on_websocket_text(1, "2probe", now);
  send("4between");
  session.on_websocket_text(1, "5", now);
  send("4after");
  EXPECT_EQ(io.log, Log{"ws1:3probe"});
  EXPECT_EQ(written(), (Log{"4before", "4between", "4after"}));
  EXPECT_EQ(session.transport(), Transport::websocket);
}

TEST_F(SessionTest, what_a_poll_took_is_not_sent_again_after_the_upgrade) {
  get(1);
  EXPECT_TRUE(session.on_upgrade_request(1, now));
  send("4taken");
  session.on_websocket_text(1, "2probe", now);
  session.on_websocket_text(1, "5", now);
  EXPECT_EQ(io.log, (Log{"1:200:4taken", "ws1:3probe"}));
  EXPECT_EQ(written(), Log{});
}

TEST_F(SessionTest, while_upgrading_a_get_is_released_at_once) {
  get(1);
  EXPECT_TRUE(session.on_upgrade_request(1, now));
  session.on_websocket_text(1, "2probe", now);
  get(2);
  EXPECT_EQ(io.log, (Log{"ws1:3probe", "1:200:6", "2:200:6"}));
}

TEST_F(SessionTest, after_the_upgrade_polling_is_refused_and_so_is_a_second_websocket) {
  upgrade();
  io.log.clear();
  get(1);
  EXPECT_EQ(io.log, Log{R"(1:400:{"code":3,"message":"Bad request"})"});
  EXPECT_FALSE(session.on_upgrade_request(2, now));
}

TEST_F(SessionTest, of_two_websockets_the_one_opened_first_wins) {
  EXPECT_TRUE(session.on_upgrade_request(1, now));
  EXPECT_FALSE(session.on_upgrade_request(2, now));
}

TEST_F(SessionTest, a_probe_that_fails_leaves_the_session_polling) {
  EXPECT_TRUE(session.on_upgrade_request(1, now));
  session.on_websocket_text(1, "4hello", now);
  EXPECT_EQ(io.log, Log{"close ws1:1000"});
  EXPECT_TRUE(session.on_upgrade_request(2, now));
  wait(10s);
  EXPECT_EQ(io.log.back(), "close ws2:1000");
  EXPECT_TRUE(session.on_upgrade_request(3, now));
  session.on_websocket_closed(3, CloseReason::transport_close, now);
  EXPECT_TRUE(session.open());
  EXPECT_EQ(handler.log, Log{});
}

// Its polling is paused by then: closing the WebSocket would leave it deaf until its own silence timer ends.
TEST_F(SessionTest, a_client_that_is_told_of_the_end_halfway_through_its_upgrade_hears_it_over_the_websocket) {
  EXPECT_TRUE(session.on_upgrade_request(1, now));
  session.on_websocket_text(1, "2probe", now);
  send("4last");
  session.close(CloseReason::server_shutting_down, now);
  EXPECT_EQ(io.log, Log{"ws1:3probe"});
  EXPECT_FALSE(session.finished());
  session.on_websocket_text(1, "5", now);
  EXPECT_EQ(io.log.back(), "close ws1:1000");
  EXPECT_EQ(written(), Log{"4last"});
  EXPECT_TRUE(session.finished());
}

TEST_F(SessionTest, one_that_polls_once_more_before_its_5_is_bid_go_on) {
  EXPECT_TRUE(session.on_upgrade_request(1, now));
  session.on_websocket_text(1, "2probe", now);
  session.close(CloseReason::server_shutting_down, now);
  get(1);
  session.on_websocket_text(1, "5", now);
  EXPECT_EQ(io.log, (Log{"ws1:3probe", "1:200:6", "close ws1:1000"}));
  EXPECT_TRUE(session.finished());
}

TEST_F(SessionTest, the_end_waits_for_an_upgrade_no_longer_than_an_upgrade_may_take) {
  EXPECT_TRUE(session.on_upgrade_request(1, now));
  session.on_websocket_text(1, "2probe", now);
  session.close(CloseReason::server_shutting_down, now);
  EXPECT_EQ(session.next_deadline(), now + 10s);
  wait(10s);
  EXPECT_EQ(io.log.back(), "close ws1:1000");
  session.on_websocket_text(1, "5", now);
  wait(20s);
  EXPECT_TRUE(session.finished());
}

TEST_F(SessionTest, a_websocket_message_is_one_packet) {
  upgrade();
  session.on_websocket_text(1, "4hi", now);
  session.on_websocket_binary(1, "\x07", now);
  session.on_websocket_text(1, "bAQ==", now);
  EXPECT_EQ(handler.log, (Log{"text hi", "binary \x07", "closed: parse error"}));
  EXPECT_EQ(io.log.back(), "close ws1:1002");
}

/// Takes no message: each is too large.
struct NarrowHandler : RecordingHandler {
  explicit NarrowHandler(Session& of) : session(of) {}
  void on_text(std::string_view, TimePoint at) override { session.close(CloseReason::too_large, at); }
  Session& session;
};

TEST_F(SessionTest, what_its_handler_finds_too_large_is_a_413_and_the_sid_is_unknown_at_once) {
  NarrowHandler narrow(session);
  session.set_handler(narrow);
  post(1, "4much");
  get(2);
  EXPECT_EQ(io.log, (Log{"1:413:", R"(2:400:{"code":1,"message":"Session ID unknown"})"}));
}

TEST_F(SessionTest, what_its_handler_finds_too_large_closes_a_websocket_with_1009) {
  upgrade();
  NarrowHandler narrow(session);
  session.set_handler(narrow);
  session.on_websocket_text(1, "4much", now);
  EXPECT_EQ(io.log.back(), "close ws1:1009");
}

TEST_F(SessionTest, the_websocket_going_away_ends_the_session) {
  upgrade();
  session.on_websocket_closed(1, CloseReason::transport_close, now);
  EXPECT_EQ(handler.log, Log{"closed: transport close"});
  EXPECT_TRUE(session.finished());
}

TEST_F(SessionTest, a_confirmation_is_an_early_ping_behind_what_was_sent) {
  upgrade();
  send("4outcome");
  session.confirm(7);
  send("4later");
  EXPECT_EQ(written(), (Log{"4outcome", "2", "4later"}));
  session.on_websocket_text(1, "3", now);
  EXPECT_EQ(handler.log, Log{"received 7"});
}

TEST_F(SessionTest, a_ping_that_a_poll_took_is_answered_over_the_websocket) {
  send("4outcome");
  session.confirm(7);
  get(1);
  EXPECT_EQ(io.log, Log{"1:200:4outcome\x1e"
                        "2"});
  upgrade();
  EXPECT_EQ(written(), Log{});
  session.on_websocket_text(1, "3", now);
  EXPECT_EQ(handler.log, Log{"received 7"});
}

TEST_F(SessionTest, a_confirmation_asked_for_halfway_through_an_upgrade_comes_over_the_websocket) {
  EXPECT_TRUE(session.on_upgrade_request(1, now));
  session.on_websocket_text(1, "2probe", now);
  send("4outcome");
  session.confirm(7);
  session.on_websocket_text(1, "5", now);
  EXPECT_EQ(written(), (Log{"4outcome", "2"}));
  session.on_websocket_text(1, "3", now);
  EXPECT_EQ(handler.log, Log{"received 7"});
}

TEST_F(SessionTest, at_most_one_ping_is_out_and_the_next_confirmation_waits_for_its_pong) {
  upgrade();
  session.confirm(1);
  EXPECT_EQ(written(), Log{"2"});
  session.confirm(2);
  session.confirm(3);
  EXPECT_EQ(written(), Log{});
  session.on_websocket_text(1, "3", now);
  EXPECT_EQ(written(), Log{"2"});
  session.on_websocket_text(1, "3", now);
  EXPECT_EQ(handler.log, (Log{"received 1", "received 3"}));
}

TEST_F(SessionTest, of_several_pings_that_are_out_the_pong_to_its_own_confirms) {
  upgrade();
  session.confirm(1);
  EXPECT_EQ(written(), Log{"2"});
  session.set_reading(false, now);
  wait(25s);
  EXPECT_EQ(written(), Log{"2"});
  session.confirm(2);
  session.set_reading(true, now);
  session.on_websocket_text(1, "3", now);
  EXPECT_EQ(handler.log, Log{"received 1"});
  EXPECT_EQ(written(), Log{}) << "a pong is due still";
  session.on_websocket_text(1, "3", now);
  EXPECT_EQ(written(), Log{"2"});
  EXPECT_EQ(handler.log, Log{"received 1"});
  session.on_websocket_text(1, "3", now);
  session.on_websocket_text(1, "3", now);
  EXPECT_EQ(handler.log, (Log{"received 1", "received 2"}));
}

TEST_F(SessionTest, an_ordinary_heartbeat_confirms_nothing) {
  upgrade();
  wait(25s);
  EXPECT_EQ(written(), Log{"2"});
  session.on_websocket_text(1, "3", now);
  EXPECT_EQ(handler.log, Log{});
}

}  // namespace
}  // namespace signalbox::engineio
