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
  Turning(Loops& loops, MemoryNetwork& network)
      : loop(loops, std::make_unique<MemoryKernel>(network), 10, *this),
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
  void on_message(Message& message, TimePoint) override { noted += " message" + std::to_string(message.number); }
  std::string take() { return std::exchange(noted, {}); }
  bool deliver(std::uint64_t number) { return loop.post(Message::deliver({}, {}, number)); }

  Loop loop;
  MemoryKernel& kernel;
  TimePoint deadline = kNever;
  std::string noted;
  std::function<void()> at_end{};
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

TEST_F(LoopTest, what_its_own_turn_delivers_is_delivered_at_once_unless_something_waits) {
  task([this] {
    EXPECT_TRUE(first.deliver(1));
    EXPECT_EQ(first.take(), " message1");
    task([] {});
    EXPECT_TRUE(first.deliver(2));
    EXPECT_EQ(first.take(), "");
  });
  first.loop.turn();
  EXPECT_EQ(first.take(), " message2 end write");
  EXPECT_EQ(first.kernel.wakes.load(), 1u) << "it need not wake itself";
}

TEST_F(LoopTest, what_is_delivered_at_once_counts_until_the_turn_writes) {
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
  EXPECT_FALSE(first.deliver(1));
  first.loop.turn();
  EXPECT_EQ(first.take(), " end write");
}

}  // namespace
}  // namespace signalbox::reactor
