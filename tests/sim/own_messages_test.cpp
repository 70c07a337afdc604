#include "small_world.hpp"

// What a shard's own thread posts to it: an emit from a handler, to a user whose socket is here.
namespace signalbox::net::test {
namespace {

using Numbers = std::vector<std::uint64_t>;

struct OwnMessages : testing::Test {
  static Options with_room_for_two() {
    Options options;
    options.mailbox_messages = 2;
    return options;
  }
  void deliver(std::uint64_t number) {
    FrameRef frame = text_frame("4hi");
    const SocketRef to{};
    EXPECT_TRUE(reactor::Loop::deliver(world.shared.loops, {&to, 1}, frame, number, true));
  }
  void in_a_task(std::move_only_function<void()> task) {
    EXPECT_TRUE(world.shard().post(Message::run(std::move(task))));
  }

  World world{with_room_for_two()};
};

TEST_F(OwnMessages, are_delivered_as_soon_as_no_lock_is_held) {
  Numbers posted, at_once;
  in_a_task([&] {
    deliver(1);
    posted = world.delivered;
    reactor::Loop::deliver_own();
    at_once = world.delivered;
  });
  world.turn();
  EXPECT_EQ(posted, Numbers{}) << "it is posted under a user's lock";
  EXPECT_EQ(at_once, Numbers{1});
}

TEST_F(OwnMessages, come_behind_what_waits_for_the_shard) {
  in_a_task([this] { deliver(2); });
  deliver(1);  // from outside, before that task has run
  world.turn(2);
  EXPECT_EQ(world.delivered, (Numbers{1, 2}));
}

TEST_F(OwnMessages, count_against_the_bound_of_the_mailbox_until_what_they_brought_is_written) {
  bool room_at_first = false, room_then = true, room_in_the_next_turn = false;
  in_a_task([&] {
    room_at_first = world.shard().has_room(2);
    deliver(1);
    deliver(2);
    room_then = world.shard().has_room(1);
  });
  world.turn();
  in_a_task([&] { room_in_the_next_turn = world.shard().has_room(2); });
  world.turn();
  EXPECT_TRUE(room_at_first);
  EXPECT_FALSE(room_then);
  EXPECT_TRUE(room_in_the_next_turn);
}

}  // namespace
}  // namespace signalbox::net::test
