#include "cluster/inbox.hpp"

#include <gtest/gtest.h>

namespace signalbox::cluster::test {
namespace {

TEST(Inbox, counts_events_and_outcomes_until_they_are_taken) {
  const FrameRef frame = text_frame("42[\"" + std::string(1000, 'x') + "\"]");
  Inbox inbox;
  EXPECT_TRUE(inbox.put(Emitted{.user = "ada", .event = frame}));
  EXPECT_GE(inbox.bytes(), frame->memory());
  EXPECT_FALSE(inbox.put(Offered{.user = "ada", .event = frame, .time = 0, .row = 1, .replaces = 0, .group = 0}));
  EXPECT_GE(inbox.bytes(), 2 * frame->memory());
  const std::size_t before = inbox.bytes();
  EXPECT_FALSE(inbox.put(Changed{"ada"}));
  EXPECT_GT(inbox.bytes(), before) << "many that are small are much as well";
  EXPECT_EQ(inbox.take().size(), 3u);
  EXPECT_EQ(inbox.bytes(), 0u);
  EXPECT_TRUE(inbox.put(Changed{"ada"}));
}

}  // namespace
}  // namespace signalbox::cluster::test
