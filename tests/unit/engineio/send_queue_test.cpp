#include "engineio/send_queue.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace signalbox::engineio {
namespace {

/// All that a client gets when the kernel takes `step` bytes a write.
std::string written(SendQueue& queue, std::size_t step) {
  std::string out;
  std::string piece(step, '\0');
  while (!queue.empty()) {
    const std::size_t size = queue.gather(piece.data(), step);
    out.append(piece, 0, size);
    queue.consume(size);
  }
  return out;
}

TEST(SendQueue, gives_the_same_bytes_however_little_the_kernel_takes) {
  std::string want;
  for (std::size_t step = 1; step < 40; ++step) {
    SendQueue queue;
    want.clear();
    for (int i = 0; i < 200; ++i) {
      queue.push_back(text_frame("4" + std::to_string(i)));
      want += text_frame("4" + std::to_string(i))->websocket();
    }
    EXPECT_EQ(written(queue, step), want);
    EXPECT_EQ(queue.bytes(), 0u);
  }
}

TEST(SendQueue, counts_what_its_frames_take_of_memory_with_their_keys_less_what_is_written) {
  SendQueue queue;
  const FrameRef frame = text_frame("4progress", FrameKind::progress, std::string(1000, 'j'));
  queue.push_back(frame);
  const std::size_t all = queue.bytes();
  EXPECT_EQ(all, sizeof(Frame) + frame->websocket().size() + 1000 + sizeof(FrameRef));
  queue.consume(4);
  EXPECT_EQ(queue.bytes(), all - 4);
  queue.push_front(text_frame("2"));
  queue.consume(frame->websocket().size() - 4);
  EXPECT_EQ(queue.bytes(), text_frame("2")->memory() + sizeof(FrameRef));
}

TEST(SendQueue, a_due_heartbeat_overtakes_all_but_the_frame_half_written) {
  SendQueue queue;
  queue.push_back(text_frame("4a"));
  queue.push_back(text_frame("4b"));
  queue.consume(1);
  queue.push_front(text_frame("2", FrameKind::ping));
  EXPECT_EQ(written(queue, 100), std::string("\x02"
                                             "4a\x81\x01"
                                             "2\x81\x02"
                                             "4b"));
}

TEST(SendQueue, says_when_a_ping_is_whole_on_its_way) {
  SendQueue queue;
  queue.push_back(text_frame("4a"));
  queue.push_back(text_frame("2", FrameKind::ping));
  EXPECT_FALSE(queue.consume(4));
  EXPECT_FALSE(queue.consume(2));
  EXPECT_TRUE(queue.consume(1));
}

TEST(SendQueue, what_was_sent_takes_no_room_under_a_long_stream) {
  SendQueue queue;
  for (int i = 0; i < 10'000; ++i) {
    queue.push_back(text_frame("4x"));
    if (i >= 10) queue.pop_front();
  }
  EXPECT_EQ(queue.count(), 10u);
  EXPECT_EQ(queue.bytes(), 10 * (text_frame("4x")->memory() + sizeof(FrameRef)));
}

// ---- What all that waits takes of memory.

/// The queue itself, while little waits in it.
std::ptrdiff_t own_memory() {
  SendQueue queue;
  queue.push_back(text_frame("4x"));
  return queue.take_memory_change() - static_cast<std::ptrdiff_t>(text_frame("4x")->memory());
}

TEST(SendQueue, takes_one_pointer_while_nothing_waits_and_little_while_little_does) {
  EXPECT_EQ(sizeof(SendQueue), sizeof(void*));
  EXPECT_LE(own_memory(), 128);
}

TEST(SendQueue, what_leaves_before_anyone_looks_has_never_counted) {
  SendQueue queue;
  for (int i = 0; i < 4; ++i) queue.push_back(text_frame("4x"));
  queue.consume(12);
  EXPECT_EQ(queue.take_memory_change(), own_memory() + static_cast<std::ptrdiff_t>(text_frame("4x")->memory()));
  queue.consume(4);
  EXPECT_EQ(queue.take_memory_change(), -own_memory() - static_cast<std::ptrdiff_t>(text_frame("4x")->memory()));
  queue.push_back(text_frame("4y"));
  queue.consume(4);
  EXPECT_EQ(queue.take_memory_change(), 0);
}

TEST(SendQueue, a_frame_that_waits_in_many_counts_once_from_the_first_that_looks_to_the_last_that_lets_it_go) {
  const FrameRef frame = text_frame("4" + std::string(1000, 'x'));
  const auto memory = static_cast<std::ptrdiff_t>(frame->memory());
  const std::ptrdiff_t own = own_memory();
  SendQueue first, second, third;
  for (SendQueue* queue : {&first, &second, &third}) queue->push_back(frame);
  third.pop_front();
  EXPECT_EQ(third.take_memory_change(), 0);
  EXPECT_EQ(first.take_memory_change(), own + memory);
  EXPECT_EQ(second.take_memory_change(), own);
  first.pop_front();
  EXPECT_EQ(first.take_memory_change(), -own);
  second.consume(500);
  EXPECT_EQ(second.take_memory_change(), 0);
  third.push_back(frame);
  second.clear();
  EXPECT_EQ(second.take_memory_change(), -own - memory);
  EXPECT_EQ(third.take_memory_change(), own + memory);
  third.clear();
  EXPECT_EQ(third.take_memory_change(), -own - memory);
}

TEST(SendQueue, counts_what_it_takes_to_find_what_is_outdated) {
  std::vector<FrameRef> frames;
  for (int i = 0; i < 1000; ++i)
    frames.push_back(text_frame(std::string(100, '4'), FrameKind::progress, std::to_string(i)));
  SendQueue first, second;
  for (const FrameRef& frame : frames) {
    first.push_back(frame);
    second.push_back(frame);
  }
  EXPECT_GT(first.take_memory_change(), 100'000);
  EXPECT_LT(second.take_memory_change(), 20'000) << "the frames are in memory once";
  second.stuck();
  const auto index = second.take_memory_change();
  EXPECT_GT(index, 1000 * 40);
  EXPECT_LT(index, 1000 * 60);
  second.clear();
  EXPECT_LT(second.take_memory_change(), -index);
}

TEST(SendQueue, gives_its_memory_back_once_all_that_it_counted_was_asked_for) {
  SendQueue queue;
  for (int i = 0; i < 10; ++i) queue.push_back(text_frame("4x"));
  EXPECT_GT(queue.take_memory_change(), 0);
  queue.shrink();
  EXPECT_EQ(queue.count(), 10u);
  while (!queue.empty()) queue.pop_front();
  queue.shrink();
  EXPECT_LT(queue.take_memory_change(), 0) << "nothing was forgotten";
  queue.shrink();
  EXPECT_EQ(queue.take_memory_change(), 0);
  queue.push_back(text_frame("4y"));
  EXPECT_EQ(queue.front()->packet(), "4y");
}

TEST(SendQueue, whatever_happens_to_frames_what_they_count_is_what_waits_and_nothing_in_the_end) {
  const FrameRef shared = text_frame("4" + std::string(100, 's'));
  SendQueue queue;
  std::ptrdiff_t counted = 0;
  std::minstd_rand dice(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto roll = dice() % 100;
    if (roll < 20) queue.push_back(shared);
    if (roll >= 20 && roll < 50) queue.push_back(text_frame("4p", FrameKind::progress, std::to_string(dice() % 9)));
    if (roll >= 50 && roll < 60)
      queue.push_back(text_frame("4u", i % 2 ? FrameKind::user_online : FrameKind::user_offline, "ada"));
    if (roll == 60) queue.push_front(text_frame("2", FrameKind::ping));
    if (roll > 60 && roll < 90 && !queue.empty()) queue.consume(1 + dice() % queue.front_rest().size());
    if (roll == 90 && !queue.empty() && !queue.partially_written()) queue.pop_front();
    if (roll == 91) queue.stuck();
    if (roll == 92 && dice() % 100 == 0) queue.clear();
    if (roll <= 92) continue;
    counted += queue.take_memory_change();
    EXPECT_GE(counted, static_cast<std::ptrdiff_t>(queue.count() * sizeof(FrameRef)));
    EXPECT_EQ(counted == 0, queue.empty());
  }
  queue.clear();
  EXPECT_EQ(counted + queue.take_memory_change(), 0);
  EXPECT_TRUE(shared->begin_waiting()) << "no queue has it";
}

// ---- What is outdated goes, once the client falls behind.

std::string padded(std::string text) {
  text.resize(100, ' ');
  return text;
}
FrameRef progress(const std::string& job, int value) {
  return text_frame(padded("p" + job + "=" + std::to_string(value)), FrameKind::progress, job);
}
FrameRef outcome(const std::string& job) {
  return text_frame(padded("o" + job), FrameKind::outcome, job);
}
FrameRef presence(const std::string& user, bool online) {
  return text_frame((online ? "+" : "-") + user, online ? FrameKind::user_online : FrameKind::user_offline, user);
}

/// The packets that still come, a blank after each; takes them out.
std::string packets(SendQueue& queue) {
  std::string out;
  for (; !queue.empty(); queue.pop_front()) {
    const auto packet = queue.front()->packet();
    out.append(packet.substr(0, packet.find(' '))) += ' ';
  }
  return out;
}

/// Behind one frame of more than 16 KiB, of which the client has taken a byte.
struct StuckQueue : testing::Test {
  SendQueue queue;
  StuckQueue() {
    queue.push_back(text_frame("4big " + std::string(17'000, 'x')));
    queue.consume(1);
    queue.stuck();
  }
};

TEST_F(StuckQueue, newer_progress_takes_out_the_older_and_goes_to_the_end) {
  queue.push_back(progress("a", 1));
  queue.push_back(progress("b", 1));
  queue.push_back(progress("a", 2));
  queue.push_back(text_frame("4x"));
  queue.push_back(progress("a", 3));
  EXPECT_EQ(queue.count(), 4u);
  EXPECT_EQ(packets(queue), "4big pb=1 4x pa=3 ");
  EXPECT_EQ(queue.take_conflated(), 2u);
  EXPECT_EQ(queue.take_conflated(), 0u);
}

TEST_F(StuckQueue, an_outcome_takes_out_its_jobs_progress_and_is_never_taken_out) {
  for (const auto* job : {"a", "b"}) queue.push_back(progress(job, 1));
  queue.push_back(outcome("a"));
  queue.push_back(progress("a", 2));
  queue.push_back(progress("a", 3));
  queue.push_back(outcome("a"));
  EXPECT_EQ(packets(queue), "4big pb=1 oa oa ");
}

TEST_F(StuckQueue, of_a_user_the_newest_is_told_for_an_answer_may_have_told_the_older) {
  queue.push_back(presence("ada", true));
  queue.push_back(presence("bob", false));
  queue.push_back(presence("ada", false));
  queue.push_back(presence("ada", true));
  queue.push_back(presence("bob", true));
  EXPECT_EQ(packets(queue), "4big +ada +bob ");
  EXPECT_EQ(queue.take_conflated(), 3u);
}

TEST_F(StuckQueue, nothing_is_made_up_for_across_a_login) {
  queue.push_back(presence("ada", false));
  queue.push_back(text_frame("40", FrameKind::control));
  queue.push_back(presence("ada", true));
  EXPECT_EQ(packets(queue), "4big -ada 40 +ada ");
}

TEST_F(StuckQueue, a_job_and_a_user_of_one_name_are_two_and_no_key_is_no_key) {
  queue.push_back(progress("ada", 1));
  queue.push_back(presence("ada", true));
  queue.push_back(progress("", 1));
  queue.push_back(progress("", 2));
  queue.push_back(outcome("ada"));
  EXPECT_EQ(packets(queue), "4big +ada p=1 p=2 oada ");
}

TEST_F(StuckQueue, what_is_written_in_part_stays) {
  queue.push_back(progress("a", 1));
  queue.consume(queue.front_rest().size() + 1);
  queue.push_back(progress("a", 2));
  queue.push_back(progress("a", 3));
  EXPECT_EQ(packets(queue), "pa=1 pa=3 ");
}

TEST_F(StuckQueue, a_heartbeat_that_overtakes_moves_nothing_from_its_place) {
  queue.push_back(progress("a", 1));
  queue.push_back(progress("b", 1));
  queue.push_front(text_frame("2", FrameKind::ping));
  queue.push_back(progress("a", 2));
  EXPECT_EQ(packets(queue), "4big 2 pb=1 pa=2 ");
}

TEST_F(StuckQueue, a_long_stream_about_few_jobs_takes_little_room) {
  for (int i = 0; i < 100'000; ++i) queue.push_back(progress(std::to_string(i % 50), i));
  EXPECT_EQ(queue.count(), 51u);
  EXPECT_LT(queue.bytes(), 17'000u + 50 * 150);
  EXPECT_EQ(queue.take_conflated(), 100'000u - 50);
}

TEST(SendQueue, gives_everything_to_a_client_that_keeps_up_or_is_little_behind) {
  SendQueue prompt, little;
  little.push_back(text_frame("4x"));
  little.stuck();
  for (int i = 0; i < 300; ++i) prompt.push_back(progress("a", i));
  for (int i = 0; i < 100; ++i) little.push_back(progress("a", i));
  EXPECT_EQ(prompt.count(), 300u);
  EXPECT_EQ(little.count(), 101u);
}

TEST(SendQueue, what_waited_before_it_was_stuck_is_looked_at_too) {
  SendQueue queue;
  for (int i = 0; i < 300; ++i) queue.push_back(progress("a", i));
  queue.stuck();
  EXPECT_EQ(packets(queue), "pa=299 ");
}

TEST(SendQueue, once_all_is_written_everything_is_given_again) {
  SendQueue queue;
  for (int i = 0; i < 300; ++i) queue.push_back(progress("a", i));
  queue.stuck();
  packets(queue);
  for (int i = 0; i < 300; ++i) queue.push_back(progress("a", i));
  EXPECT_EQ(queue.count(), 300u);
}

}  // namespace
}  // namespace signalbox::engineio
