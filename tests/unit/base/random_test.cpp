#include "base/random.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace signalbox {
namespace {

TEST(RandomId, is_base64url_of_as_many_bytes) {
  EXPECT_EQ(random_id(15).size(), 20u);
  EXPECT_EQ(random_id(16).size(), 22u);
  EXPECT_EQ(random_id(256).size(), 342u);
  EXPECT_EQ(random_id(64).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
}
TEST(RandomBase62, has_letters_and_digits_and_all_of_them) {
  EXPECT_EQ(random_base62(6).size(), 6u);
  EXPECT_NE(random_base62(6), random_base62(6));
  const std::string much = random_base62(10'000);
  EXPECT_EQ(std::set<char>(much.begin(), much.end()).size(), 62u);
  EXPECT_EQ(much.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
            std::string::npos);
}
TEST(RandomId, never_comes_twice_across_many_blocks) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(random_id(15)).second);
}

}  // namespace
}  // namespace signalbox
