#include "base/limit.hpp"

#include <gtest/gtest.h>

namespace signalbox {
namespace {

TEST(Limit, counts_how_often_it_was_reached_and_warns_of_the_first) {
  Limit limit("MAX_THINGS is reached: further ones are refused", 3);
  EXPECT_EQ(limit.value(), 3u);
  testing::internal::CaptureStderr();
  for (int i = 0; i < 5; ++i) limit.reached({{"address", "10.0.0.1"}});
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(limit.times(), 5u);
  const auto at = said.find("MAX_THINGS is reached: further ones are refused address=10.0.0.1");
  ASSERT_NE(at, std::string::npos) << said;
  EXPECT_EQ(said.find("MAX_THINGS", at + 1), std::string::npos) << "once a minute";
}

TEST(Limit, of_one_owner_does_not_silence_that_of_another) {
  Limit ours("MAX_OURS is reached"), theirs("MAX_OURS is reached");
  testing::internal::CaptureStderr();
  ours.reached();
  theirs.reached();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("MAX_OURS", said.find("MAX_OURS") + 1), std::string::npos) << said;
}

}  // namespace
}  // namespace signalbox
