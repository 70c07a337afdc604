#include "engineio/send_queue.hpp"

#include <gtest/gtest.h>

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
    EXPECT_EQ(queue.bytes(), want.size());
    EXPECT_EQ(written(queue, step), want);
    EXPECT_EQ(queue.bytes(), 0u);
  }
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
  EXPECT_EQ(queue.bytes(), 40u);
}

}  // namespace
}  // namespace signalbox::engineio
