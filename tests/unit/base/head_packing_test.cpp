#include "base/head_packing.hpp"

#include <gtest/gtest.h>

#include "support/packed_lines.hpp"

namespace signalbox {
namespace {

constexpr std::string_view kBrowser =
    "/socket.io/?EIO=4&transport=websocket\n"
    "Host:jobs.example.com\n"
    "Connection:Upgrade\n"
    "Pragma:no-cache\n"
    "Cache-Control:no-cache\n"
    "User-Agent:Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\n"
    "Upgrade:websocket\n"
    "Origin:https://jobs.example.com\n"
    "Sec-WebSocket-Version:13\n"
    "Accept-Encoding:gzip, deflate, br, zstd\n"
    "Accept-Language:en-GB,en;q=0.9\n"
    "Sec-WebSocket-Key:dGhlIHNhbXBsZSBub25jZQ==\n"
    "Sec-WebSocket-Extensions:permessage-deflate; client_max_window_bits\n";

struct HeadPacking : testing::TestWithParam<std::string_view> {};

TEST_P(HeadPacking, gives_back_what_it_was_given_and_takes_no_more_memory) {
  EXPECT_EQ(unpack_head(packed_lines(GetParam())), GetParam());
  EXPECT_LE(packed_lines(GetParam()).size(), GetParam().size());
}

INSTANTIATE_TEST_SUITE_P(Heads, HeadPacking,
                         testing::Values("", "/\n", kBrowser, "/socket.io/?EIO=4&transport=websocket&room=7\nHost:x\n",
                                         "/socket.io/?EIO=4&transport=polling&t=abc\nhost:x\n", "/chat/?a:b\n",
                                         "/\nConnection:Upgrade, keep-alive\nUpgrade:WebSocket\n",
                                         "/\nX-A-Name-Longer-Than-Any-That-Is-Known:1\nHost:\nCookie:\n",
                                         "/\nHost:\xC3\xA4\nOrigin:null\n", "/\nUpgrade:websockets\n",
                                         "a target without a slash\nUser-Agent:\n"));

TEST(HeadPacking, a_browsers_head_takes_a_third) {
  EXPECT_LT(3 * packed_lines(kBrowser).size(), kBrowser.size());
}

}  // namespace
}  // namespace signalbox
