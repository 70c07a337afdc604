#include "small_world.hpp"

// What one shard's turn has for another.
namespace signalbox::net::test {
namespace {

struct OtherShards : testing::Test {
  OtherShards() {
    auto own = std::make_unique<MemoryKernel>(world.network);
    kernel = own.get();
    world.shared.shards.push_back(std::make_unique<Shard>(world.shared, std::move(own)));
    other().set_application(std::make_unique<World::Application>(world));
  }
  ~OtherShards() override {
    other().begin_stop();
    other().turn();
    EXPECT_TRUE(other().stopped());
  }
  Shard& other() { return *world.shared.shards[1]; }
  void deliver(std::uint64_t number) {
    EXPECT_TRUE(other().post(Message::deliver({.shard = 1}, text_frame("4hi"), number)));
  }
  void in_a_task(std::move_only_function<void()> task) {
    EXPECT_TRUE(world.shard().post(Message::run(std::move(task))));
  }

  static Options small_queues() {
    Options options;
    options.session.total_queue_bytes = 1000;
    return options;
  }
  World world{small_queues()};
  MemoryKernel* kernel = nullptr;
};

TEST_F(OtherShards, are_woken_once_for_all_that_a_turn_delivers_to_them_when_it_has) {
  in_a_task([this] {
    for (std::uint64_t number = 1; number <= 5; ++number) deliver(number);
    EXPECT_EQ(kernel->wakes.load(), 0u);
    other().turn();
    EXPECT_TRUE(world.delivered.empty()) << "the turn may deliver more";
  });
  world.turn();
  EXPECT_EQ(kernel->wakes.load(), 1u);
  other().turn();
  EXPECT_EQ(world.delivered, (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
}

TEST_F(OtherShards, hear_at_once_of_a_task_and_of_what_was_delivered_before_it) {
  std::size_t before_task = 0;
  in_a_task([&] {
    deliver(1);
    EXPECT_TRUE(other().post(Message::run([&] { before_task = world.delivered.size(); })));
    EXPECT_EQ(kernel->wakes.load(), 1u);
    deliver(2);
  });
  world.turn();
  EXPECT_EQ(kernel->wakes.load(), 1u);
  other().turn();
  EXPECT_EQ(before_task, 1u);
  EXPECT_EQ(world.delivered.size(), 2u);
}

TEST_F(OtherShards, are_told_at_once_by_a_thread_that_is_no_shard) {
  deliver(1);
  EXPECT_EQ(kernel->wakes.load(), 1u);
}

TEST_F(OtherShards, hear_of_what_a_turn_delivers_while_it_writes) {
  world.websocket();
  world.at_end = [this] { deliver(7); };
  in_a_task([this] { world.session->send(text_frame("4" + std::string(2000, 'x'))); });  // more than may wait
  world.turn();
  EXPECT_EQ(world.ends, std::vector{CloseReason::slow_consumer});
  EXPECT_EQ(kernel->wakes.load(), 1u);
  other().turn();
  EXPECT_EQ(world.delivered, std::vector<std::uint64_t>{7});
}

}  // namespace
}  // namespace signalbox::net::test
