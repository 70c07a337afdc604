#include "cluster/tunnel_message.hpp"

#include <gtest/gtest.h>

namespace signalbox::cluster {
namespace {

using Kind = TunnelMessage::Kind;

const TunnelMessage kOpen{.kind = Kind::open,
                          .tunnel = 0x0102030405060708,
                          .peer = reactor::peer_address("10.1.2.3"),
                          .bytes = "GET / HTTP/1.1\r\n"};
const TunnelMessage kMessages[] = {
    kOpen,
    {.kind = Kind::opened, .from = TunnelSide::owner, .tunnel = 7},
    {.kind = Kind::data, .tunnel = 7, .number = 0xfffffffe, .bytes = std::string_view("\0\xff", 2)},
    {.kind = Kind::data, .from = TunnelSide::owner, .tunnel = 7, .number = 3},
    {.kind = Kind::taken, .from = TunnelSide::owner, .tunnel = 7, .number = 4, .taken = 65'536},
    {.kind = Kind::end, .from = TunnelSide::owner, .tunnel = 7, .number = 5},
    {.kind = Kind::close, .tunnel = 7}};

TEST(TunnelMessage, is_read_as_it_was_written) {
  for (const TunnelMessage& message : kMessages) EXPECT_EQ(read_tunnel_message(write_tunnel_message(message)), message);
}

TEST(TunnelMessage, is_small) {
  EXPECT_EQ(write_tunnel_message(kOpen).size(), 15 + 16 + kOpen.bytes.size());
  EXPECT_EQ(write_tunnel_message({.kind = Kind::end}).size(), 15u);
}

TEST(TunnelMessage, that_is_cut_or_has_something_behind_it_is_refused) {
  for (const TunnelMessage& message : kMessages) {
    const std::string text = write_tunnel_message(message);
    const std::size_t whole = text.size() - message.bytes.size();
    for (std::size_t size = 0; size < whole; ++size) EXPECT_FALSE(read_tunnel_message(text.substr(0, size))) << size;
    const bool carries = message.kind == Kind::open || message.kind == Kind::data;
    EXPECT_EQ(read_tunnel_message(text + "x").has_value(), carries);
  }
}

TEST(TunnelMessage, carries_no_more_than_it_may) {
  std::string text = write_tunnel_message({.kind = Kind::data, .bytes = std::string(TunnelMessage::kMostBytes, 'x')});
  EXPECT_TRUE(read_tunnel_message(text));
  EXPECT_EQ(read_tunnel_message(text + "x").error(), "it carries too much");
}

TEST(TunnelMessage, of_another_version_or_kind_or_of_the_wrong_side_is_refused) {
  std::string text = write_tunnel_message(kOpen);
  text[0] = 2;
  EXPECT_EQ(read_tunnel_message(text).error(), "it is of another version");
  text = write_tunnel_message(kOpen);
  text[1] = 6;
  EXPECT_EQ(read_tunnel_message(text).error(), "it is of no known kind");
  text = write_tunnel_message(kOpen);
  text[2] = 2;
  EXPECT_EQ(read_tunnel_message(text).error(), "it is of no known kind");
  text[2] = 1;
  EXPECT_EQ(read_tunnel_message(text).error(), "it is of the wrong side");
  EXPECT_FALSE(read_tunnel_message(write_tunnel_message({.kind = Kind::opened})));
}

}  // namespace
}  // namespace signalbox::cluster
