#include "reactor/loop.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "support/memory_network.hpp"

namespace signalbox::reactor {
namespace {

using net::test::MemoryKernel;
using net::test::MemoryNetwork;

/// A loop that notes what its turns bring.
struct Turning final : Wheel, Receiver {
  Turning(Loops& together, MemoryNetwork& network)
      : loops(together),
        loop(together, std::make_unique<MemoryKernel>(network), 10, *this),
        kernel(static_cast<MemoryKernel&>(loop.kernel())) {
    loop.set_receiver(*this);
  }
  TimePoint next_deadline() override { return deadline; }
  void on_events(std::span<const KernelEvent> events) override {
    for (const KernelEvent& event : events) noted += " event" + std::to_string(event.token);
  }
  void end_turn() override {
    noted += " end";
    if (at_end) at_end();
    loop.begin_writing();
    noted += " write";
  }
  void on_message(Message& message, TimePoint) override {
    noted += " message" + std::to_string(message.number);
    if (at_message) at_message(message.number);
  }
  std::string take() { return std::exchange(noted, {}); }
  bool deliver(std::uint64_t number) {
    FrameRef frame;
    const SocketRef to{.shard = loop.index()};
    return Loop::deliver(loops, {&to, 1}, frame, number, true);
  }

  const Loops& loops;
  Loop loop;
  MemoryKernel& kernel;
  TimePoint deadline = kNever;
  std::string noted;
  std::function<void()> at_end{};
  std::function<void(std::uint64_t)> at_message{};
};

struct LoopTest : testing::Test {
  void task(std::move_only_function<void()> what) { ASSERT_TRUE(first.loop.post(Message::run(std::move(what)))); }
  MemoryNetwork network;
  Loops loops;
  Turning first{loops, network}, second{loops, network};
};

TEST_F(LoopTest, a_turn_hands_over_messages_then_events_and_ends) {
  EXPECT_TRUE(first.deliver(1));
  task([this] { first.noted += " task"; });
  EXPECT_EQ(first.kernel.wakes.load(), 1u) << "one for all that wait";
  const int fd = first.kernel.connect({});
  network.at(fd).in = "x";
  first.kernel.watch(fd, 7, Kernel::kRead);
  first.loop.turn();
  EXPECT_EQ(first.take(), " message1 task event7 end write");
}

TEST_F(LoopTest, what_its_own_turn_delivers_waits_until_no_lock_is_held_and_no_longer) {
  task([this] {
    EXPECT_TRUE(first.deliver(1));
    EXPECT_TRUE(first.deliver(2));
    EXPECT_EQ(first.take(), "") << "it is posted under a user's lock";
    Loop::deliver_own();
    EXPECT_EQ(first.take(), " message1 message2");
  });
  first.loop.turn();
}

TEST_F(LoopTest, what_waits_aside_comes_before_what_is_in_the_mailbox) {
  task([this] {
    EXPECT_TRUE(first.deliver(1));
    task([this] { first.noted += " task"; });
    EXPECT_TRUE(first.deliver(2));
  });
  first.loop.turn();
  EXPECT_EQ(first.take(), " message1 task message2 end write");
}

TEST_F(LoopTest, what_session_code_delivers_comes_behind_what_was_put_aside) {
  first.at_message = [this](std::uint64_t number) {
    if (number != 1) return;
    EXPECT_TRUE(first.deliver(3));
    Loop::deliver_own();
    EXPECT_EQ(first.noted, " message1") << "that call is inside the other one";
  };
  task([this] {
    EXPECT_TRUE(first.deliver(1));
    EXPECT_TRUE(first.deliver(2));
    Loop::deliver_own();
    EXPECT_EQ(first.take(), " message1 message2");
  });
  first.loop.turn();
  EXPECT_EQ(first.take(), " message3 end write") << "in the same turn";
}

TEST_F(LoopTest, what_is_more_than_is_put_aside_comes_behind_it) {
  Loop large(loops, std::make_unique<MemoryKernel>(network), 1000, first);
  std::uint64_t expected = 0;
  first.at_message = [&](std::uint64_t number) { EXPECT_EQ(number, expected++); };
  large.set_receiver(first);
  EXPECT_TRUE(large.post(Message::run([&] {
    FrameRef frame;
    const SocketRef to{.shard = 2};
    for (std::uint64_t i = 0; i < 3 * Loop::kOwn; ++i) EXPECT_TRUE(Loop::deliver(loops, {&to, 1}, frame, i, true));
    Loop::deliver_own();
    EXPECT_EQ(expected, Loop::kOwn);
  })));
  large.turn();
  EXPECT_EQ(expected, 3 * Loop::kOwn) << "in the same turn";
}

TEST_F(LoopTest, a_frame_for_many_sockets_goes_to_all_of_their_loops_or_to_none) {
  const std::vector<SocketRef> both{{.shard = 0}, {.shard = 1}};
  FrameRef frame = text_frame("4hi");
  for (int i = 0; i < 9; ++i) EXPECT_TRUE(second.deliver(1));
  EXPECT_FALSE(Loop::deliver(loops, both, frame, 7, false));
  EXPECT_TRUE(first.loop.has_room(10));
  EXPECT_TRUE(Loop::deliver(loops, both, frame, 7, true));
  first.loop.turn();
  EXPECT_EQ(first.take(), " message7 end write");
}

TEST_F(LoopTest, what_its_own_turn_delivers_goes_past_the_mailbox_unless_something_waits) {
  task([this] {
    EXPECT_TRUE(first.deliver(1));
    Loop::deliver_own();
    EXPECT_EQ(first.take(), " message1");
    task([] {});
    EXPECT_TRUE(first.deliver(2));
    Loop::deliver_own();
    EXPECT_EQ(first.take(), "");
  });
  first.loop.turn();
  EXPECT_EQ(first.take(), " message2 end write");
  EXPECT_EQ(first.kernel.wakes.load(), 1u) << "it need not wake itself";
}

TEST_F(LoopTest, what_is_delivered_past_the_mailbox_counts_until_the_turn_writes) {
  task([this] {
    for (std::uint64_t number = 0; number < 4; ++number) EXPECT_TRUE(first.deliver(number));
    EXPECT_FALSE(first.loop.has_room(7));
    EXPECT_TRUE(first.loop.has_room(6));
  });
  first.loop.turn();
  EXPECT_TRUE(first.loop.has_room(10));
}

TEST_F(LoopTest, another_loop_hears_of_what_a_turn_delivers_before_that_writes) {
  first.at_end = [this] {
    EXPECT_TRUE(second.deliver(1));
    EXPECT_TRUE(second.deliver(2));
    EXPECT_EQ(second.kernel.wakes.load(), 0u);
  };
  first.loop.turn();
  EXPECT_EQ(second.kernel.wakes.load(), 1u);
  second.loop.turn();
  EXPECT_EQ(second.take(), " message1 message2 end write");
}

TEST_F(LoopTest, a_loop_that_belongs_to_others_hears_of_it_then_as_well) {
  Loops others;
  Turning other{others, network};
  first.at_end = [&] {
    EXPECT_TRUE(second.deliver(1));
    EXPECT_TRUE(other.deliver(1));
    EXPECT_TRUE(other.deliver(2));
    EXPECT_EQ(other.kernel.wakes.load(), 0u);
  };
  first.loop.turn();
  EXPECT_EQ(second.kernel.wakes.load(), 1u);
  EXPECT_EQ(other.kernel.wakes.load(), 1u);
  other.loop.turn();
  EXPECT_EQ(other.take(), " message1 message2 end write");
}

TEST_F(LoopTest, waits_for_its_next_deadline_and_not_at_all_for_what_is_there) {
  first.loop.turn();
  EXPECT_EQ(first.kernel.waited, Milliseconds(-1));
  first.deadline = network.now + std::chrono::microseconds(1500);
  first.loop.turn();
  EXPECT_EQ(first.kernel.waited, Milliseconds(2)) << "rounded up";
  first.deadline = network.now;
  first.loop.turn();
  EXPECT_EQ(first.kernel.waited, Milliseconds(0));
  first.deadline = kNever;
  EXPECT_TRUE(first.deliver(1));
  first.loop.turn();
  EXPECT_EQ(first.kernel.waited, Milliseconds(0));
}

TEST_F(LoopTest, knows_in_whose_turn_a_thread_is) {
  EXPECT_EQ(Loop::current(), nullptr);
  task([this] {
    EXPECT_EQ(Loop::current(), &first.loop);
    EXPECT_TRUE(Loop::current()->is_among(loops));
    EXPECT_FALSE(Loop::current()->is_among({}));
  });
  first.loop.turn();
  EXPECT_EQ(Loop::current(), nullptr);
  EXPECT_EQ(first.loop.index(), 0u);
  EXPECT_EQ(second.loop.index(), 1u);
}

TEST_F(LoopTest, takes_nothing_once_it_is_closed_and_drops_what_waits) {
  const auto alive = std::make_shared<int>(1);
  task([alive] {});
  first.loop.close();
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_FALSE(first.loop.post(Message::deliver({}, {}, 1)));
  first.loop.turn();
  EXPECT_EQ(first.take(), " end write");
}

}  // namespace
}  // namespace signalbox::reactor
