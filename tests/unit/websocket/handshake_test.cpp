#include "websocket/handshake.hpp"

#include <gtest/gtest.h>

namespace signalbox::websocket {
namespace {

// Source: RFC 6455 §1.3.
TEST(Handshake, answers_the_key_of_the_rfc) {
  EXPECT_TRUE(valid_key("dGhlIHNhbXBsZSBub25jZQ=="));
  EXPECT_EQ(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(Handshake, a_key_is_the_base64_of_sixteen_bytes) {
  EXPECT_FALSE(valid_key(""));
  EXPECT_FALSE(valid_key("dGhlIHNhbXBsZSBub25jZQ="));
  EXPECT_FALSE(valid_key("dGhlIHNhbXBsZSBub25jZQQ="));
  EXPECT_FALSE(valid_key("dGhlIHNhbXBsZSBub25j!Q=="));
  EXPECT_FALSE(valid_key("dGhlIHNhbXBsZSBub25jZR==")) << "bits that nobody reads must be 0";
}

}  // namespace
}  // namespace signalbox::websocket
