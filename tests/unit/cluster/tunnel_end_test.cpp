#include "cluster/tunnel_end.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "support/holding_filter.hpp"
#include "support/memory_network.hpp"

// A connection of a network in memory, and a window of sixteen bytes that does not grow, but where a test says so.
namespace signalbox::cluster {
namespace {

using net::test::HoldingFilter;
using net::test::MemoryKernel;
using net::test::MemoryNetwork;

struct TunnelEndTest : testing::Test {
  void begin(std::string unread = {}, std::unique_ptr<reactor::StreamFilter> filter = nullptr) {
    reactor::PeerAddress peer;
    kernel.connect({});
    fd = kernel.accept(1, peer);
    end.emplace(kernel, 7, reactor::Stream(reactor::OwnedFd(fd), std::move(filter)), std::move(unread), windows,
                budget);
    EXPECT_TRUE(end->watch());
  }
  MemoryNetwork::Socket& socket() { return network.at(fd); }
  std::string next(std::size_t room = 100) { return std::string(end->next_piece({scratch, room})); }
  void flush() {
    end->flush();
    EXPECT_TRUE(end->watch());
  }
  /// What the kernel tells in a turn.
  std::string told() {
    reactor::KernelEvent events[4];
    const std::size_t count = kernel.wait(events, {});
    if (count == 0) return "nothing";
    return std::string(events[0].readable ? "r" : "") + (events[0].writable ? "w" : "") + (events[0].broken ? "b" : "");
  }

  MemoryNetwork network;
  MemoryKernel kernel{network};
  int fd = -1;
  Windows windows{.first = 16, .most = 16};
  WindowBudget budget{.left = 1000};
  std::optional<TunnelEnd> end;
  char scratch[100];
};

TEST_F(TunnelEndTest, gives_what_was_read_before_and_then_what_comes) {
  begin("read before");
  socket().in = "more";
  EXPECT_EQ(next(8), "read bef");
  EXPECT_EQ(next(), "ore");
  EXPECT_EQ(next(), "more");
  EXPECT_EQ(next(), "");
  EXPECT_FALSE(end->has_ended());
  socket().ended = true;
  EXPECT_EQ(next(), "");
  EXPECT_TRUE(end->has_ended());
  EXPECT_FALSE(end->is_broken());
}

TEST_F(TunnelEndTest, gives_no_more_than_a_window_that_the_other_end_has_not_taken) {
  begin();
  socket().in = std::string(40, 'x');
  EXPECT_EQ(next().size(), 16u);
  EXPECT_EQ(next(), "");
  flush();
  EXPECT_EQ(told(), "nothing") << "it is not asked for";
  EXPECT_TRUE(end->confirm(5));
  flush();
  EXPECT_EQ(told(), "r");
  EXPECT_EQ(next().size(), 5u);
  EXPECT_FALSE(end->confirm(17)) << "more than was given";
}

TEST_F(TunnelEndTest, takes_no_more_than_a_window_and_tells_what_has_left) {
  begin();
  socket().room = 10;
  EXPECT_TRUE(end->put("0123456789abcdef"));
  EXPECT_FALSE(end->put("g"));
  EXPECT_EQ(end->take_taken(), 0u);
  flush();
  EXPECT_EQ(socket().out, "0123456789");
  EXPECT_EQ(end->take_taken(), 10u);
  EXPECT_EQ(told(), "nothing");
  socket().room = SIZE_MAX;
  EXPECT_EQ(told(), "w");
  end->on_writable();
  flush();
  EXPECT_EQ(socket().out, "0123456789abcdef");
  EXPECT_EQ(end->take_taken(), 6u);
  EXPECT_TRUE(end->put("ghi"));
  flush();
  EXPECT_EQ(end->take_taken(), 0u) << "too little to be worth a word";
}

TEST_F(TunnelEndTest, whose_connection_takes_what_comes_gets_larger_windows_up_to_the_most) {
  windows.most = 60;
  begin();
  for (const std::size_t room : {16u, 32u, 60u, 60u}) {
    EXPECT_FALSE(end->put(std::string(room + 1, 'x')));
    EXPECT_TRUE(end->put(std::string(room, 'x')));
    EXPECT_EQ(end->take_taken(), 0u) << "it has taken nothing";
    flush();
    EXPECT_EQ(end->take_taken(), std::min<std::size_t>(2 * room, 60));
  }
  end.reset();
  EXPECT_EQ(budget.left, 1000u);
}

TEST_F(TunnelEndTest, whose_window_grows_gives_more_than_the_first_one) {
  windows.most = 60;
  begin();
  socket().in = std::string(100, 'x');
  EXPECT_EQ(next().size(), 16u);
  EXPECT_TRUE(end->confirm(32));
  EXPECT_EQ(next().size(), 32u);
  EXPECT_FALSE(end->confirm(61));
}

TEST_F(TunnelEndTest, holds_no_more_than_its_first_window_beyond_the_budget_of_all) {
  windows.most = 1024;
  budget.left = 40;
  begin();
  reactor::PeerAddress peer;
  kernel.connect({});
  TunnelEnd another(kernel, 8, reactor::Stream(reactor::OwnedFd(kernel.accept(1, peer))), {}, windows, budget);
  for (int i = 0; i < 10; ++i) {
    for (TunnelEnd* each : {&*end, &another}) {
      while (each->put("x")) {
      }
      each->flush();
      static_cast<void>(each->take_taken());
    }
  }
  std::size_t held = 0;
  socket().room = 0;
  for (const auto& each : {std::ref(*end), std::ref(another)})
    for (; each.get().put("x"); ++held) {
    }
  EXPECT_EQ(held, 2 * 16 + 32u) << "each has grown once: for more the budget has no room";
}

TEST_F(TunnelEndTest, passes_an_end_on_behind_all_that_was_put) {
  begin();
  socket().room = 2;
  EXPECT_TRUE(end->put("last"));
  end->put_end();
  EXPECT_FALSE(end->put("x"));
  flush();
  EXPECT_FALSE(end->has_passed_end());
  EXPECT_FALSE(socket().writing_shut);
  socket().room = SIZE_MAX;
  end->on_writable();
  flush();
  EXPECT_EQ(socket().out, "last");
  EXPECT_TRUE(end->has_passed_end());
  EXPECT_TRUE(socket().writing_shut);
  socket().in = "answer";
  EXPECT_EQ(next(), "answer") << "the other direction goes on";
}

TEST_F(TunnelEndTest, throws_away_what_comes_without_a_window_or_leaves_it) {
  begin();
  socket().in = std::string(40, 'x');
  end->set_input(TunnelEnd::Input::left);
  EXPECT_EQ(next(), "");
  flush();
  EXPECT_EQ(told(), "nothing");
  end->set_input(TunnelEnd::Input::thrown_away);
  flush();
  EXPECT_EQ(told(), "r");
  EXPECT_EQ(next().size(), 40u);
}

TEST_F(TunnelEndTest, that_cannot_be_written_to_takes_all_and_is_deaf) {
  begin();
  socket().broken = true;
  EXPECT_TRUE(end->put("0123456789"));
  end->put_end();
  flush();
  EXPECT_TRUE(end->is_deaf());
  EXPECT_TRUE(end->has_passed_end());
  EXPECT_EQ(end->take_taken(), 10u);
  EXPECT_EQ(next(), "");
  EXPECT_TRUE(end->is_broken());
}

TEST_F(TunnelEndTest, that_has_hung_up_is_told_of_once_until_there_is_room_for_the_rest) {
  begin();
  socket().in = std::string(16, 'x');
  EXPECT_EQ(next().size(), 16u);
  socket().broken = true;
  flush();
  EXPECT_EQ(told(), "b");
  end->on_hung_up();
  flush();
  EXPECT_EQ(told(), "nothing");
  EXPECT_TRUE(end->confirm(1));
  flush();
  EXPECT_EQ(told(), "rb");
}

TEST_F(TunnelEndTest, reads_and_writes_through_a_filter_that_holds_bytes) {
  begin({}, std::make_unique<HoldingFilter>());
  socket().in = HoldingFilter::scrambled("ten bytes!");
  EXPECT_EQ(next(), "ten byt");
  EXPECT_TRUE(end->holds_input());
  EXPECT_EQ(next(), "es!");
  EXPECT_FALSE(end->holds_input());
  socket().room = 3;
  EXPECT_TRUE(end->put("abcdef"));
  end->put_end();
  flush();
  EXPECT_FALSE(end->has_passed_end());
  socket().room = SIZE_MAX;
  for (int i = 0; i < 2; ++i) {
    end->on_writable();
    flush();
  }
  EXPECT_EQ(socket().out, HoldingFilter::scrambled("abcdef"));
  EXPECT_TRUE(end->has_passed_end());
}

TEST_F(TunnelEndTest, cannot_be_where_the_kernel_watches_no_more) {
  begin();
  kernel.watches = false;
  kernel.connect({});
  reactor::PeerAddress peer;
  TunnelEnd another(kernel, 8, reactor::Stream(reactor::OwnedFd(kernel.accept(1, peer))), {}, windows, budget);
  EXPECT_FALSE(another.watch());
}

}  // namespace
}  // namespace signalbox::cluster
