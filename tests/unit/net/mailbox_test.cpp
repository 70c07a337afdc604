#include "net/mailbox.hpp"

#include <gtest/gtest.h>

namespace signalbox::net {
namespace {

Message delivery() {
  return Message::deliver({}, {});
}
Message task() {
  return Message::run([] {});
}

TEST(Mailbox, that_is_full_refuses_deliveries_and_takes_tasks_for_somebody_waits_for_what_they_bring) {
  Mailbox mailbox(2);
  EXPECT_EQ(mailbox.put(delivery()), Mailbox::Put::added_to_empty);
  EXPECT_EQ(mailbox.put(delivery()), Mailbox::Put::added);
  EXPECT_FALSE(mailbox.has_room(1));
  EXPECT_EQ(mailbox.put(delivery()), Mailbox::Put::refused);
  EXPECT_EQ(mailbox.put(task()), Mailbox::Put::added);
}

TEST(Mailbox, has_room_again_when_what_was_taken_is_handled) {
  Mailbox mailbox(1);
  EXPECT_EQ(mailbox.put(delivery()), Mailbox::Put::added_to_empty);
  std::vector<Message> taken;
  mailbox.take(taken);
  EXPECT_EQ(taken.size(), 1u);
  EXPECT_EQ(mailbox.put(delivery()), Mailbox::Put::refused);
  mailbox.handled(1);
  EXPECT_EQ(mailbox.put(delivery()), Mailbox::Put::added_to_empty);
}

TEST(Mailbox, that_is_closed_refuses_everything) {
  Mailbox mailbox(1);
  mailbox.close();
  EXPECT_EQ(mailbox.put(delivery()), Mailbox::Put::refused);
  EXPECT_EQ(mailbox.put(task()), Mailbox::Put::refused);
}

}  // namespace
}  // namespace signalbox::net
