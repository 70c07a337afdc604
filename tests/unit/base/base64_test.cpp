#include "base/base64.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/random.hpp"

namespace signalbox {
namespace {

// Source: RFC 4648 §10.
TEST(Base64, the_vectors_of_the_rfc) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64_encode(plain), encoded);
    EXPECT_EQ(base64_decode(encoded), plain);
  }
}

TEST(Base64, every_byte_survives) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
  EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
}

TEST(Base64, what_is_not_canonical_is_refused) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Zh==", "Z===", "Zm9v=", "Zm 9", "Zm9_", "====", "\xff\xff\xff\xff"}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
  for (const char* text : {"Zg==", "Zh", "Z", "Zm9+"}) EXPECT_FALSE(base64url_decode(text)) << text;
}

TEST(RandomId, has_the_length_asked_for_and_does_not_repeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(random_id(15)).second);
  EXPECT_EQ(seen.begin()->size(), 20u);
}

}  // namespace
}  // namespace signalbox
