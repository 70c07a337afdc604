#include "base/handshake_request.hpp"

#include <gtest/gtest.h>

#include "support/packed_lines.hpp"

namespace signalbox {
namespace {

constexpr std::string_view kHead = "/socket.io/?EIO=4&transport=websocket\nHost:x\nUpgrade:websocket\nX-Other:1\n";

TEST(HandshakeRequest, is_read_as_it_was_made) {
  for (const std::string address : {"127.0.0.1", "::1", ""}) {
    const HandshakeRequest request(packed_lines(kHead), address, 1'700'000'000'123);
    EXPECT_EQ(request.head(), kHead);
    EXPECT_EQ(request.remote_address(), address);
    EXPECT_EQ(request.issued_ms(), 1'700'000'000'123);
  }
}

TEST(HandshakeRequest, takes_less_memory_than_what_it_was_made_of) {
  EXPECT_LT(HandshakeRequest(packed_lines(kHead), "127.0.0.1", 0).bytes(), kHead.size());
}

}  // namespace
}  // namespace signalbox
