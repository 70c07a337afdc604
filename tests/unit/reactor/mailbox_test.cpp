#include <gtest/gtest.h>

#include "reactor/mailbox.hpp"

namespace signalbox::reactor {
namespace {

Message task() {
  return Message::run([] {});
}

TEST(Mailbox, has_room_until_as_many_wait_as_its_limit_says) {
  Mailbox mailbox(2);
  EXPECT_TRUE(mailbox.has_room(2));
  EXPECT_FALSE(mailbox.has_room(3));
  static_cast<void>(mailbox.put(task()));
  EXPECT_FALSE(mailbox.has_room(2));
  static_cast<void>(mailbox.put(task()));
  EXPECT_FALSE(mailbox.has_room(1));
}

TEST(Mailbox, counts_what_was_taken_until_it_is_handled) {
  Mailbox mailbox(1);
  static_cast<void>(mailbox.put(task()));
  std::vector<Message> out;
  mailbox.take(out);
  EXPECT_EQ(out.size(), 1u);
  EXPECT_FALSE(mailbox.has_room(1));
  mailbox.handled();
  EXPECT_TRUE(mailbox.has_room(1));
}

// Two who have asked at the same time both find room for one.
TEST(Mailbox, takes_what_is_put_past_its_limit_so_that_nothing_is_lost_between_asking_and_putting) {
  Mailbox mailbox(1);
  EXPECT_EQ(mailbox.put(task()), Mailbox::Put::announced);
  EXPECT_EQ(mailbox.put(task()), Mailbox::Put::added);
  std::vector<Message> out;
  mailbox.take(out);
  EXPECT_EQ(out.size(), 2u);
}

TEST(Mailbox, takes_nothing_once_it_is_closed_and_drops_what_waited) {
  Mailbox mailbox(1);
  static_cast<void>(mailbox.put(task()));
  mailbox.close();
  EXPECT_FALSE(mailbox.announced());
  EXPECT_EQ(mailbox.put(task()), Mailbox::Put::closed);
}

struct MailboxLater : testing::Test {
  static constexpr bool kLater = true;
  std::size_t taken() {
    std::vector<Message> out;
    mailbox.take(out);
    return out.size();
  }
  Mailbox mailbox{10};
};

TEST_F(MailboxLater, what_is_put_later_is_taken_together_when_it_is_announced) {
  EXPECT_EQ(mailbox.put(task(), kLater), Mailbox::Put::added);
  EXPECT_EQ(mailbox.put(task(), kLater), Mailbox::Put::added);
  EXPECT_FALSE(mailbox.announced());
  EXPECT_EQ(taken(), 0u);
  EXPECT_TRUE(mailbox.announce());
  EXPECT_FALSE(mailbox.announce()) << "the shard has been woken";
  EXPECT_EQ(taken(), 2u);
  EXPECT_FALSE(mailbox.announce()) << "there is nothing";
}

TEST_F(MailboxLater, what_does_not_wait_brings_what_was_put_before_it) {
  EXPECT_EQ(mailbox.put(task(), kLater), Mailbox::Put::added);
  EXPECT_EQ(mailbox.put(task()), Mailbox::Put::announced);
  EXPECT_EQ(mailbox.put(task(), kLater), Mailbox::Put::added);
  EXPECT_EQ(taken(), 3u);
}

TEST_F(MailboxLater, half_of_what_there_is_room_for_does_not_wait) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(mailbox.put(task(), kLater), Mailbox::Put::added);
  EXPECT_EQ(mailbox.put(task(), kLater), Mailbox::Put::announced);
}

}  // namespace
}  // namespace signalbox::reactor
