#include "net/relay_line.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/frame.hpp"
#include "net/application.hpp"
#include "support/packed_lines.hpp"

namespace signalbox::net {
namespace {

const std::string kSwitched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";

std::string server_frame(std::string_view packet) {
  return std::string(text_frame(packet)->websocket());
}
const std::string kOpened = kSwitched + server_frame(R"(0{"sid":"x"})");

/// What was said, as "opened", "text:4…", "binary:…", "heartbeat", "ping:…", "broken"; bytes come `step` at a time.
std::vector<std::string> said(std::string bytes, std::size_t step) {
  using Said = RelayLine::Said;
  std::vector<std::string> out;
  RelayLine line;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::span<char> input(bytes.data() + at, std::min(step, bytes.size() - at));
    for (;;) {
      const auto words = line.next(input);
      if (!words) return out.push_back("broken"), out;
      if (words->said == Said::nothing) break;
      const std::string data(words->data);
      out.push_back(words->said == Said::opened      ? "opened"
                    : words->said == Said::text      ? "text:" + data
                    : words->said == Said::binary    ? "binary:" + data
                    : words->said == Said::heartbeat ? "heartbeat"
                                                     : "ping:" + data);
    }
  }
  return out;
}
using Texts = std::vector<std::string>;

TEST(RelayLine, tells_what_the_other_node_says_behind_its_handshake) {
  const std::string bytes = kOpened + server_frame("40{}") + std::string(binary_frame("\x01\x02")->websocket()) +
                            server_frame("2") + std::string("\x89\x02hi") + std::string("\x8a\x00", 2);
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()})
    EXPECT_EQ(said(bytes, step), (Texts{"opened", "text:40{}", "binary:\x01\x02", "heartbeat", "ping:hi"})) << step;
}

TEST(RelayLine, an_answer_that_is_no_upgrade_breaks_it) {
  EXPECT_EQ(said("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 5), Texts{"broken"});
  EXPECT_EQ(said(std::string(20'000, 'x'), 1000), Texts{"broken"});
  EXPECT_EQ(said(kSwitched + server_frame("40{}"), 1000), Texts{"broken"});
  EXPECT_EQ(said(kSwitched + std::string(binary_frame("0{")->websocket()), 1000), Texts{"broken"});
}

TEST(RelayLine, a_close_and_what_no_server_of_ours_says_break_it) {
  EXPECT_EQ(said(kOpened + std::string("\x88\x02\x03\xe8"), 1000), (Texts{"opened", "broken"}));
  for (const std::string packet : {"", "1", "3", "5", "6", "x", "2probe"})
    EXPECT_EQ(said(kOpened + server_frame(packet), 1000), (Texts{"opened", "broken"})) << packet;
}

TEST(RelayRequest, is_the_clients_own_handshake_as_an_upgrade) {
  const HandshakeRequest handshake(
      packed_lines(
          "/socket.io/?room=a%26b&EIO=4&transport=polling&t=abc.1&%73id=&name=x\nHost: example.com\nCookie:a=1\n"
          "Connection:keep-alive\nupgrade:h2c\nSec-WebSocket-Extensions:permessage-deflate\n"
          "X-Forwarded-For:10.0.0.1\n"),
      "127.0.0.1", 0);
  const std::string request = relay_request(handshake);
  const RequestHead head = parse_head(request);
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/socket.io/?EIO=4&transport=websocket&room=a%26b&name=x");
  EXPECT_EQ(head.field("host"), "example.com");
  EXPECT_EQ(head.field("cookie"), "a=1");
  EXPECT_EQ(head.field("x-forwarded-for"), "10.0.0.1");
  EXPECT_EQ(head.count("connection") + head.count("upgrade"), 2u);
  EXPECT_EQ(head.field("upgrade"), "websocket");
  EXPECT_EQ(head.field("sec-websocket-extensions"), std::nullopt);
}

}  // namespace
}  // namespace signalbox::net
