#include "websocket/client_frame.hpp"

#include <gtest/gtest.h>

#include "base/frame.hpp"
#include "websocket/frame_decoder.hpp"

namespace signalbox::websocket {
namespace {

TEST(ClientFrame, of_any_length_is_what_a_server_reads) {
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 65'535u, 65'536u, 100'000u}) {
    const std::string text(size, 'x');
    std::string wire;
    append_client_frame(wire, ClientFrame::text, "4", text);
    append_client_frame(wire, ClientFrame::binary, text);
    FrameDecoder decoder(200'000);
    std::span<char> input(wire);
    const auto first = decoder.next(input);
    ASSERT_TRUE(first) << size;
    EXPECT_EQ(first->kind, Event::Kind::text);
    EXPECT_EQ(first->data, "4" + text);
    const auto second = decoder.next(input);
    ASSERT_TRUE(second) << size;
    EXPECT_EQ(second->kind, Event::Kind::binary);
    EXPECT_EQ(second->data, text);
    EXPECT_TRUE(input.empty());
  }
}

TEST(ClientFrame, a_client_reads_what_a_server_sends_and_nothing_that_is_masked) {
  for (const std::size_t size : {0u, 125u, 126u, 65'536u}) {
    const FrameRef frame = text_frame("4" + std::string(size, 'x'));
    std::string wire(frame->websocket());
    FrameDecoder decoder(200'000, 1, Peer::server);
    for (std::size_t at = 0; at < wire.size(); ++at) {
      std::span<char> byte(wire.data() + at, 1);
      const auto event = decoder.next(byte);
      ASSERT_TRUE(event);
      const bool whole = at + 1 == wire.size();
      EXPECT_EQ(event->kind, whole ? Event::Kind::text : Event::Kind::need_more) << at;
      EXPECT_EQ(event->data, whole ? frame->packet() : "");
    }
  }
  std::string masked;
  append_client_frame(masked, ClientFrame::text, "4");
  FrameDecoder decoder(100, 1, Peer::server);
  std::span<char> input(masked);
  EXPECT_EQ(decoder.next(input).error(), CloseCode::protocol_error);
}

}  // namespace
}  // namespace signalbox::websocket
