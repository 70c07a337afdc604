// Requests that a browser or a proxy repeats by itself, and answers that are lost.
#include <algorithm>
#include <string>

#include "recorded_session.hpp"

namespace signalbox::engineio {
namespace {

/// A client each of whose requests has another stamp, which it has shown.
struct RepeatedRequest : SessionTest {
  const std::string refused = R"({"code":3,"message":"Bad request"})";
  RepeatedRequest() {
    for (const Stamp stamp : {898, 899, 900}) post(0, "4login", stamp);
    io.log.clear();
    handler.log.clear();
  }
};

TEST_F(RepeatedRequest, of_a_get_has_the_same_answer_again_and_the_next_get_what_came_since) {
  get(1, 101);
  session.send(text_frame("4a"));
  session.send(binary_frame("\x01\x02\x03\x04"));
  session.flush(now);
  send("4b");
  get(2, 101);
  get(3, 101);
  get(4, 102);
  EXPECT_EQ(io.log, (Log{"1:200:4a\x1e"
                         "bAQIDBA==",
                         "2:200:4a\x1e"
                         "bAQIDBA==",
                         "3:200:4a\x1e"
                         "bAQIDBA==",
                         "4:200:4b"}));
}

TEST_F(RepeatedRequest, of_a_get_that_waits_takes_its_place) {
  get(1, 101);
  get(2, 101);
  session.on_request_gone(request(1), now);
  send("4a");
  EXPECT_EQ(io.log, Log{"2:200:4a"});
  EXPECT_EQ(handler.log, Log{});
}

TEST_F(RepeatedRequest, of_a_get_may_come_before_it_and_both_have_the_same_answer) {
  get(2, 101);
  get(1, 101);
  send("4a");
  EXPECT_EQ(io.log, (Log{"1:200:4a", "2:200:4a"}));
  get(3, 102);
  session.on_request_gone(request(3), now);
  EXPECT_EQ(handler.log, Log{"closed: transport close"});
}

TEST_F(RepeatedRequest, of_a_get_that_came_before_it_still_waits_when_it_goes) {
  get(2, 101);
  get(1, 101);
  session.on_request_gone(request(1), now);
  send("4a");
  EXPECT_EQ(io.log, Log{"2:200:4a"});
  EXPECT_EQ(handler.log, Log{});
}

// Whoever reads it must not take it for the end of a poll that held nothing.
TEST_F(RepeatedRequest, the_third_of_a_get_that_waits_has_the_oldest_refused) {
  get(1, 101);
  get(2, 101);
  get(3, 101);
  send("4a");
  EXPECT_EQ(io.log, (Log{"1:400:" + refused, "3:200:4a", "2:200:4a"}));
}

TEST_F(RepeatedRequest, of_an_earlier_get_proves_nothing_and_takes_nothing) {
  get(1, 101);
  send("4a");
  get(2, 102);
  send("4b");
  send("4c");
  io.log.clear();
  get(3, 101);  // the first was slower than its repeat
  get(4, 102);
  get(5, 103);
  EXPECT_EQ(io.log, (Log{"3:400:" + refused, "4:200:4b", "5:200:4c"}));
  EXPECT_EQ(handler.log, Log{});
}

TEST_F(RepeatedRequest, of_an_earlier_post_is_not_taken_twice) {
  post(1, "4a", 901);
  post(2, "4b", 902);
  post(3, "4a", 901);
  EXPECT_EQ(handler.log, (Log{"text a", "text b"}));
  EXPECT_EQ(io.log.back(), "3:200:ok");
}

TEST_F(RepeatedRequest, two_different_gets_at_once_end_the_session_as_ever) {
  get(1, 101);
  get(2, 102);
  EXPECT_EQ(handler.log, Log{"closed: transport error"});
}

TEST_F(RepeatedRequest, what_is_kept_for_it_counts_until_the_next_get) {
  const auto nothing = session.held_bytes();
  send("4" + std::string(1000, 'x'));
  get(1, 101);
  EXPECT_GT(session.held_bytes(), 1000u);
  EXPECT_GT(session.take_memory_change(), 1000);
  EXPECT_EQ(session.waiting(), 0u);
  get(2, 102);
  EXPECT_EQ(session.held_bytes(), nothing);
  EXPECT_LT(session.take_memory_change(), -1000);
}

TEST_F(RepeatedRequest, nor_does_the_upgrade_leave_anything_of_it) {
  send("4" + std::string(1000, 'x'));
  get(1, 101);
  const auto counted = session.take_memory_change();
  upgrade();
  EXPECT_EQ(session.held_bytes(), 0u);
  EXPECT_EQ(session.take_memory_change(), -counted);
}

TEST_F(RepeatedRequest, of_an_answer_of_a_closed_session_is_answered_until_it_is_followed_by_the_close) {
  send("4last");
  session.close(CloseReason::forced_close, now);
  get(1, 101);
  get(2, 101);
  get(3, 102);
  EXPECT_EQ(io.log, (Log{"1:200:4last", "2:200:4last", "3:200:1"}));
  EXPECT_TRUE(session.finished());
  EXPECT_EQ(session.held_bytes(), 0u);
}

TEST_F(RepeatedRequest, for_which_a_closed_session_waits_no_longer_than_for_a_get) {
  send("4last");
  session.close(CloseReason::forced_close, now);
  get(1, 101);
  wait(30s);
  EXPECT_TRUE(session.finished());
  EXPECT_EQ(session.held_bytes(), 0u);
}

TEST_F(RepeatedRequest, a_receipt_waits_for_the_proof_that_the_answer_with_its_ping_arrived) {
  send("4outcome");
  session.confirm(7);
  get(1, 101);
  post(2, "3", 201);
  EXPECT_EQ(handler.log, Log{}) << "that POST may be a repeat of an older one";
  get(3, 101);
  EXPECT_EQ(handler.log, Log{});
  get(4, 102);
  EXPECT_EQ(handler.log, Log{"received 7"});
}

TEST_F(RepeatedRequest, a_post_of_something_else_proves_nothing) {
  send("4outcome");
  session.confirm(7);
  get(1, 101);
  post(2, "4hi", 201);
  get(3, 101);
  EXPECT_EQ(io.log.back(),
            "3:200:4outcome\x1e"
            "2");
}

TEST_F(RepeatedRequest, an_upgrade_proves_the_answer_before_it) {
  send("4outcome");
  session.confirm(7);
  get(1, 101);
  post(2, "3", 201);
  upgrade();
  EXPECT_EQ(handler.log, Log{"received 7"});
}

TEST_F(RepeatedRequest, during_an_upgrade_has_the_lost_answer_and_not_only_leave_to_go_on) {
  send("40{sid}");
  get(1, 101);
  EXPECT_TRUE(session.on_upgrade_request(1, now));
  session.on_websocket_text(1, "2probe", now);
  get(2, 101);
  get(3, 102);
  get(4, 102);
  EXPECT_EQ(io.log, (Log{"1:200:40{sid}", "ws1:3probe", "2:200:40{sid}", "3:200:6", "4:200:6"}));
}

TEST_F(RepeatedRequest, with_a_ping_in_the_answer_has_time_for_the_pong_anew) {
  get(1, 101);
  wait(25s);
  wait(19s);
  get(2, 101);
  EXPECT_EQ(io.log, (Log{"1:200:2", "2:200:2"}));
  wait(19s);
  EXPECT_TRUE(session.open());
  wait(1s);
  EXPECT_EQ(handler.log, Log{"closed: ping timeout"});
}

TEST_F(RepeatedRequest, of_a_post_is_not_taken_twice) {
  post(1, "4a", 201);
  post(2, "4a", 201);
  EXPECT_EQ(handler.log, Log{"text a"});
  EXPECT_EQ(io.log, (Log{"1:200:ok", "2:200:ok"}));
}

TEST_F(RepeatedRequest, a_post_with_another_body_is_none) {
  post(1, "4a", 201);
  post(2, "4b", 201);
  EXPECT_EQ(handler.log, (Log{"text a", "text b"}));
}

TEST_F(RepeatedRequest, a_connection_that_goes_under_an_answer_leaves_it_to_the_repeat) {
  send("4a");
  get(1, 101);
  session.on_request_gone(request(1), now);
  get(2, 101);
  EXPECT_EQ(io.log, (Log{"1:200:4a", "2:200:4a"}));
}

// Without stamps, or with those that tell nothing: as engine.io, but for an answer that is known to be lost.
TEST_F(SessionTest, a_client_without_stamps_has_no_repeats_and_keeps_nothing) {
  send("4a");
  get(1);
  EXPECT_EQ(session.held_bytes(), 0u);
  send("4b");
  get(2);
  EXPECT_EQ(io.log, (Log{"1:200:4a", "2:200:4b"}));
}

TEST_F(SessionTest, a_client_without_stamps_is_closed_when_the_connection_goes_under_its_last_answer) {
  send("4a");
  get(1);
  session.on_request_gone(request(1), now);
  EXPECT_EQ(handler.log, Log{"closed: transport close"});
}

TEST_F(SessionTest, but_not_when_a_request_has_followed) {
  send("4a");
  get(1);
  get(2);
  session.on_request_gone(request(1), now);
  EXPECT_EQ(handler.log, Log{});
}

TEST_F(SessionTest, nor_under_the_answer_to_a_post_or_to_its_handshake) {
  session.on_request_gone(request(0), now);
  send("4a");
  get(1);
  post(2, "4hi");
  session.on_request_gone(request(2), now);
  EXPECT_EQ(handler.log, Log{"text hi"});
}

TEST_F(SessionTest, a_client_whose_stamps_are_the_clocks_second_is_taken_for_one_without) {
  get(1, 17);
  post(2, "4login", 17);
  post(3, "4login", 17);
  send("4a");
  send("4b");
  get(4, 17);
  send("4c");
  get(5, 17);
  EXPECT_EQ(handler.log, (Log{"text login", "text login"}));
  EXPECT_EQ(io.log, (Log{"2:200:ok", "3:200:ok", "1:200:4a", "4:200:4b", "5:200:4c"}));
}

TEST_F(SessionTest, stamps_that_do_not_tell_requests_apart_have_an_answer_told_twice_at_most_and_no_event_lost) {
  now += 1100ms;
  post(1, "4login", 1);
  now += 1100ms;
  send("4a");
  for (std::uint32_t number = 2; number < 5; ++number) get(number, 2);
  send("4b");
  get(5, 2);
  send("4c");
  EXPECT_EQ(io.log, (Log{"1:200:ok", "2:200:4a", "3:200:4a", "4:200:4b", "5:200:4c"}));
}

TEST_F(SessionTest, equal_posts_of_a_client_that_is_not_known_are_all_taken) {
  now += 1100ms;
  post(1, "4login", 1);
  now += 1100ms;
  get(2, 2);
  now += 1100ms;
  for (std::uint32_t number = 3; number < 6; ++number) post(number, "4again", 3);
  EXPECT_EQ(handler.log, (Log{"text login", "text again", "text again", "text again"}));
}

TEST_F(RepeatedRequest, of_a_get_is_answered_ten_times_and_then_is_a_new_one) {
  send("4a");
  for (std::uint32_t number = 0; number < 12; ++number) {
    get(number, 101);
    if (number == 10) send("4b");
  }
  EXPECT_EQ(std::ranges::count(io.log, std::to_string(3) + ":200:4a"), 1);
  EXPECT_EQ(io.log[10], "10:200:4a");
  EXPECT_EQ(io.log[11], "11:200:4b");
}

TEST(RequestStamps, tell_nothing_when_the_first_post_has_that_of_the_get_beside_it) {
  RequestStamps before, behind;
  before.on_get(1, TimePoint());
  before.on_post(1, "4login", TimePoint());
  EXPECT_FALSE(before.tell_gets_apart());
  behind.on_get(1, TimePoint());
  behind.on_post(2, "4login", TimePoint());
  behind.on_get(2, TimePoint());
  EXPECT_FALSE(behind.tell_gets_apart());
}

TEST(RequestStamps, may_meet_once_by_chance_but_not_twice_in_a_row) {
  RequestStamps stamps;
  const TimePoint now;
  for (Stamp stamp = 97; stamp < 100; ++stamp) stamps.on_get(stamp, now);
  for (Stamp stamp = 3; stamp < 30; stamp += 3) {
    stamps.on_get(stamp, now);
    stamps.on_post(stamp, "", now);
    stamps.on_post(stamp + 1, "", now);
    EXPECT_TRUE(stamps.tell_gets_apart());
  }
  stamps.on_post(30, "", now);
  stamps.on_get(30, now);
  stamps.on_get(31, now);
  stamps.on_post(31, "", now);
  EXPECT_FALSE(stamps.tell_gets_apart());
}

TEST(RequestStamps, are_no_clocks_seconds_when_three_of_them_come_within_less_than_one) {
  RequestStamps seconds, others;
  const auto is_repeat = [](const RequestStamps& stamps) { return stamps.is_repeated_post(3, "4a"); };
  seconds.on_get(1, TimePoint(0ms));
  others.on_get(1, TimePoint(0ms));
  seconds.on_post(2, "4login", TimePoint(999ms));
  others.on_post(2, "4login", TimePoint(300ms));
  seconds.on_post(3, "4a", TimePoint(1001ms));
  others.on_post(3, "4a", TimePoint(600ms));
  EXPECT_FALSE(is_repeat(seconds));
  EXPECT_TRUE(is_repeat(others));
}

}  // namespace
}  // namespace signalbox::engineio
