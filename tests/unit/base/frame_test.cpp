#include "base/frame.hpp"

#include <gtest/gtest.h>

#include <string>

namespace signalbox {
namespace {

// Source: RFC 6455 §5.2 and §5.7; a server does not mask.
TEST(Frame, a_short_text_has_two_bytes_of_header) {
  const FrameRef frame = text_frame("42[\"hi\"]");
  EXPECT_EQ(frame->websocket(), std::string("\x81\x08") + "42[\"hi\"]");
  EXPECT_EQ(frame->packet(), "42[\"hi\"]");
  EXPECT_FALSE(frame->binary());
}

TEST(Frame, the_length_takes_the_fewest_bytes_at_each_boundary) {
  using namespace std::string_literals;
  EXPECT_EQ(text_frame(std::string(125, 'x'))->websocket().substr(0, 2), "\x81\x7D"s);
  EXPECT_EQ(text_frame(std::string(126, 'x'))->websocket().substr(0, 4), "\x81\x7E\x00\x7E"s);
  EXPECT_EQ(text_frame(std::string(65535, 'x'))->websocket().substr(0, 4), "\x81\x7E\xFF\xFF"s);
  EXPECT_EQ(text_frame(std::string(65536, 'x'))->websocket().substr(0, 10), "\x81\x7F\0\0\0\0\0\x01\0\0"s);
}

TEST(Frame, a_binary_message_has_the_binary_opcode_and_no_type_character) {
  const FrameRef frame = binary_frame("abc");
  EXPECT_EQ(frame->websocket(), std::string("\x82\x03") + "abc");
  EXPECT_EQ(frame->packet(), "abc");
  EXPECT_TRUE(frame->binary());
}

TEST(Frame, its_parts_stand_one_after_the_other) {
  const FrameRef frame = make_frame(false, FrameKind::progress, "job", "42[", "\"a\"", "]");
  EXPECT_EQ(frame->packet(), "42[\"a\"]");
  EXPECT_EQ(frame->key(), "job");
}

TEST(Frame, a_key_that_is_a_slice_of_a_part_is_not_kept_twice) {
  const std::string_view head = "42[\"a\",", data = "{\"id\":\"job\"}";
  const FrameRef slice = make_frame(false, FrameKind::progress, data.substr(7, 3), head, data, "]");
  const FrameRef copy = make_frame(false, FrameKind::progress, "job", head, data, "]");
  EXPECT_EQ(slice->packet(), "42[\"a\",{\"id\":\"job\"}]");
  EXPECT_EQ(slice->websocket(), copy->websocket());
  EXPECT_EQ(slice->key(), "job");
  EXPECT_EQ(copy->key(), "job");
  EXPECT_EQ(slice->memory() + 3, copy->memory());
}

TEST(Frame, a_key_s_tail_is_no_part_of_the_key_and_is_kept_with_it) {
  const std::string tail = kTailMark + std::string(kTailBytes - 1, 't');
  for (const std::string key : {"j", "job of a longer name", "job\xff"}) {
    const FrameRef frame = text_frame("42[]", FrameKind::outcome, key + tail);
    EXPECT_EQ(frame->key(), key);
    EXPECT_EQ(frame->tail(), tail);
    EXPECT_EQ(frame->name(), key + tail);
    EXPECT_EQ(frame->packet(), "42[]");
    EXPECT_EQ(frame->memory(), text_frame("42[]", FrameKind::outcome, key)->memory() + kTailBytes);
    const FrameRef of_key = text_frame("42[]", FrameKind::outcome, frame->key());
    EXPECT_EQ(of_key->key(), key);
    EXPECT_EQ(of_key->tail(), "");
  }
  EXPECT_EQ(text_frame("42[]", FrameKind::outcome, tail)->key(), tail) << "a tail alone is none";
}

TEST(Frame, a_key_may_stand_anywhere_in_the_packet) {
  for (const std::size_t before : {0, 1, 250, 252, 253, 254, 255, 256, 300, 70'000}) {
    const std::string text = std::string(before, '.') + "job";
    EXPECT_EQ(text_frame(text, FrameKind::progress, std::string_view(text).substr(before))->key(), "job") << before;
  }
}

TEST(FrameRef, copies_share_one_frame_and_it_outlives_the_first) {
  FrameRef first = text_frame("2");
  const FrameRef second = first;
  EXPECT_EQ(&*first, &*second);
  first = FrameRef();
  EXPECT_FALSE(first);
  EXPECT_EQ(second->packet(), "2");
}

TEST(FrameRef, another_is_a_copy_whether_or_not_there_are_more) {
  FrameRef first = text_frame("2");
  FrameRef second = first.another(), third = first.another();
  EXPECT_EQ(&*first, &*second);
  EXPECT_EQ(&*first, &*third);
  first = FrameRef();
  second = FrameRef();
  EXPECT_EQ(third->packet(), "2");
  EXPECT_EQ(FrameRef().another().operator bool(), false);
}

}  // namespace
}  // namespace signalbox
