#include "reactor/resolving.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "reactor/loop.hpp"

namespace signalbox::reactor {
namespace {

/// A loop with nothing to do but to hear what was found.
struct ResolvingTest : testing::Test, Wheel {
  TimePoint next_deadline() override { return kNever; }
  void on_events(std::span<const KernelEvent>) override {}
  void end_turn() override { loop.begin_writing(); }
  Destinations find(const std::string& host, LookUp how = look_up) {
    std::optional<Destinations> found;
    Resolving resolving(
        loop, host, 6379,
        [&](Destinations what) {
          EXPECT_EQ(std::this_thread::get_id(), mine);
          found = std::move(what);
        },
        how);
    while (!found) loop.turn();
    return *found;
  }

  const std::thread::id mine = std::this_thread::get_id();
  Loops loops;
  Loop loop{loops, make_epoll_kernel(), 100, *this};
};

TEST_F(ResolvingTest, finds_addresses_with_the_port_in_a_turn_of_the_loop) {
  const auto found = find("localhost");
  ASSERT_TRUE(found) << found.error();
  ASSERT_FALSE(found->empty());
  for (const Destination& one : *found)
    EXPECT_TRUE(to_text(one) == "127.0.0.1:6379" || to_text(one) == "[::1]:6379") << to_text(one);
}

TEST_F(ResolvingTest, says_why_there_are_none) {
  const auto found = find("no.such.host.invalid");
  ASSERT_FALSE(found);
  EXPECT_FALSE(found.error().empty());
}

std::promise<void>& release() {
  static std::promise<void> promise;
  return promise;
}
std::promise<void>& answered() {
  static std::promise<void> promise;
  return promise;
}
Destinations slow(const std::string&, std::uint16_t) {
  release().get_future().wait();
  answered().set_value_at_thread_exit();
  return {};
}

TEST_F(ResolvingTest, may_go_before_the_answer_comes) {
  bool told = false;
  {
    const Resolving resolving(loop, "host", 1, [&](const Destinations&) { told = true; }, slow);
  }
  release().set_value();
  answered().get_future().wait();
  EXPECT_TRUE(loop.post(Message::run([] {})));
  loop.turn();
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace signalbox::reactor
