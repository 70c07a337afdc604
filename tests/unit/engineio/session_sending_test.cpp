// What a session sends, and who takes it too slowly.
#include <algorithm>
#include <string>

#include "recorded_session.hpp"

namespace signalbox::engineio {
namespace {

struct SessionSending : SessionTest {
  const std::string large = "4" + std::string(600'000, 'x');  // half of the limit, and a little

  /// The client takes so much of what waits.
  void take(std::size_t bytes) {
    while (bytes > 0 && !session.queue().empty()) {
      const std::size_t part = std::min(bytes, session.queue().front_rest().size());
      session.queue().consume(part);
      bytes -= part;
    }
  }
  void burst(int count) {
    for (int i = 0; i < count; ++i) session.send(text_frame(large));
    session.flush(now);
  }
};

TEST_F(SessionSending, packets_that_wait_travel_in_one_answer_and_binary_as_base64) {
  send("4a");
  session.send(binary_frame("\x01\x02\x03\x04"));
  get(1);
  EXPECT_EQ(io.log, Log{"1:200:4a\x1e"
                        "bAQIDBA=="});
}

TEST_F(SessionSending, an_answer_holds_sixteen_packets_at_most) {
  for (int i = 0; i < 17; ++i) send("4");
  get(1);
  get(2);
  ASSERT_EQ(io.log.size(), 2u);
  EXPECT_EQ(std::count(io.log[0].begin(), io.log[0].end(), '\x1e'), 15);
  EXPECT_EQ(io.log[1], "2:200:4");
}

TEST_F(SessionSending, a_poll_that_does_not_come_for_50_ms_says_that_the_client_is_behind) {
  const auto progress = [this] {
    session.send(text_frame("4" + std::string(1000, 'x'), FrameKind::progress, "job"));
    session.flush(now);
  };
  wait(49ms);
  for (int i = 0; i < 20; ++i) progress();
  EXPECT_EQ(session.queue().count(), 20u);
  wait(1ms);
  EXPECT_EQ(session.queue().count(), 1u);
  progress();
  EXPECT_EQ(session.queue().count(), 1u);
}

TEST_F(SessionSending, what_outdates_something_does_not_overflow_the_queue) {
  wait(50ms);
  for (int i = 0; i < 5000; ++i) {
    session.send(text_frame("4" + std::string(1000, 'x'), FrameKind::progress, std::to_string(i % 900)));
    if (i % 100 == 0) session.flush(now);
  }
  session.flush(now);
  EXPECT_TRUE(session.open());
  EXPECT_EQ(session.queue().count(), 900u);
}

TEST_F(SessionSending, a_client_that_does_not_read_is_closed_and_its_queue_freed) {
  upgrade();
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(session.open()) << i;
    send(large);
  }
  EXPECT_EQ(handler.log, Log{"closed: slow consumer"});
  EXPECT_EQ(session.queue().bytes(), 0u);
  EXPECT_EQ(io.log.back(), "close ws1:1000");
}

TEST_F(SessionSending, a_burst_of_any_size_waits_for_a_client_that_reads) {
  upgrade();
  burst(20);
  EXPECT_TRUE(session.open());
  for (int i = 0; i < 100; ++i) {
    take(200'000);
    send("4" + std::string(100'000, 'x'));
  }
  EXPECT_TRUE(session.open());
  take(SIZE_MAX);
  burst(20);
  EXPECT_TRUE(session.open()) << "it has caught up: the next burst is like the first";
}

TEST_F(SessionSending, a_burst_over_polling_is_there_for_the_polls_that_follow) {
  burst(20);
  get(1);
  send("4last");
  for (std::uint32_t request = 2; request <= 21; ++request) get(request);
  ASSERT_EQ(io.log.size(), 21u);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(io.log[i], std::to_string(i + 1) + ":200:" + large);
  EXPECT_EQ(io.log[20], "21:200:4last");
}

TEST_F(SessionSending, an_answer_of_more_than_one_packet_is_of_128_kib_at_most) {
  const std::string part(60 * 1024, '4');
  for (const auto& packet : {large, part, part, part}) send(packet);
  for (std::uint32_t request = 1; request <= 3; ++request) get(request);
  EXPECT_TRUE((io.log == Log{"1:200:" + large, "2:200:" + part + '\x1e' + part, "3:200:" + part}));
}

TEST_F(SessionSending, behind_a_burst_the_queue_may_not_grow_by_the_limit_once_more) {
  upgrade();
  burst(20);
  take(3'000'000);
  send(large);
  take(300'000);
  send(large);
  EXPECT_TRUE(session.open()) << "three quarters of the limit and a little more than the least that waited";
  send(large);
  EXPECT_EQ(handler.log, Log{"closed: slow consumer"});
}

TEST_F(SessionSending, who_never_reads_gets_one_burst_and_twice_the_limit_at_most) {
  upgrade();
  burst(1);
  burst(20);
  burst(1);
  EXPECT_TRUE(session.open());
  burst(1);
  EXPECT_EQ(handler.log, Log{"closed: slow consumer"});
}

TEST_F(SessionSending, a_frame_larger_than_the_limit_reaches_a_client_that_reads) {
  upgrade();
  send("4" + std::string(3'000'000, 'x'));
  take(1'000'000);
  send("4a");
  EXPECT_TRUE(session.open());
  EXPECT_EQ(session.queue().count(), 2u);
}

TEST_F(SessionSending, what_is_kept_for_a_client_anyway_counts_as_the_place_it_takes) {
  upgrade();
  for (int i = 0; i < 20; ++i) session.send_kept(text_frame(large));
  EXPECT_EQ(session.waiting(), 20 * sizeof(FrameRef));
  session.flush(now);
  burst(2);
  EXPECT_TRUE(session.open());
  for (int i = 0; i < 140'000; ++i) session.send_kept(text_frame("4x"));
  session.flush(now);
  EXPECT_EQ(handler.log, Log{"closed: slow consumer"});
}

TEST_F(SessionSending, what_comes_behind_what_is_kept_may_wait_up_to_the_limit) {
  upgrade();
  for (int i = 0; i < 5; ++i) session.send_kept(text_frame(large));
  for (int i = 0; i < 3; ++i) send(large);
  EXPECT_TRUE(session.open());
  send(large);
  EXPECT_EQ(handler.log, Log{"closed: slow consumer"});
}

TEST_F(SessionSending, what_was_kept_and_has_been_read_excuses_nothing_that_comes_behind_it) {
  upgrade();
  for (int i = 0; i < 10; ++i) session.send_kept(text_frame(large));
  for (int i = 0; i < 2; ++i) session.send(text_frame(large));
  EXPECT_GT(session.waiting(), 2 * large.size());
  EXPECT_LT(session.waiting(), 3 * large.size());
  take(10 * large.size());
  session.flush(now);
  EXPECT_GT(session.waiting(), large.size());
}

}  // namespace
}  // namespace signalbox::engineio
