#include "net/session_table.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/budgets.hpp"
#include "support/memory_network.hpp"

namespace signalbox::net {
namespace {

using std::chrono::seconds;

/// Records its end; nothing comes to it or from it.
class QuietHandler final : public engineio::SessionHandler {
 public:
  explicit QuietHandler(std::vector<CloseReason>& ends) : ends_(ends) {}
  void on_text(std::string_view, TimePoint) override {}
  void on_binary(std::string_view, TimePoint) override {}
  void on_closed(CloseReason reason, TimePoint) override { ends_.push_back(reason); }
  void on_received(std::uint32_t, TimePoint) override {}
  TimePoint next_deadline() const override { return kNever; }
  void on_timer(TimePoint) override {}

 private:
  std::vector<CloseReason>& ends_;
};

/// A session that reaches no socket.
struct LoneSession final : SessionEntry {
  using SessionEntry::SessionEntry;
  void answer(const RequestId&, engineio::Answer) override {}
  void on_repeated(const RequestId&) override {}
  void send_now(engineio::WebSocketId, const FrameRef&) override {}
  void close_websocket(engineio::WebSocketId, std::uint16_t) override {}
  bool still_draining() override { return false; }
  void set_reading(bool) override {}
};

struct SessionTableTest : testing::Test, reactor::Wheel {
  SessionTableTest() {
    shared.limits.unauthenticated_of_address.set(2);
    shared.limits.connections.set(100);
    shared.limits.unauthenticated.set(100);
  }
  ~SessionTableTest() override {
    table.erase_all();
    EXPECT_EQ(shared.sessions + shared.unauthenticated + shared.partial.all + shared.queued.all, 0u);
    EXPECT_EQ(table.timers(), 0u);
  }
  TimePoint next_deadline() override { return TimePoint::min(); }
  void on_events(std::span<const reactor::KernelEvent>) override {}
  void end_turn() override {}

  void pass(Milliseconds time) {
    network.now += time;
    loop.turn();
  }
  /// Null: refused.
  SessionEntry* open(unsigned char address = 1, std::size_t head_bytes = 100) {
    PeerAddress peer{};
    peer[15] = address;
    const auto sid = table.admit(peer);
    if (!sid) return nullptr;
    auto made = std::make_unique<LoneSession>(table, *sid, engineio::Transport::polling, options, loop.now());
    SessionEntry& entry = table.add(std::move(made), peer, head_bytes);
    entry.handler = std::make_unique<QuietHandler>(ends);
    entry.session.set_handler(*entry.handler);
    return &entry;
  }
  int looks() {
    int count = 0;
    table.look_at_touched([&](SessionEntry&) { ++count; });
    return count;
  }

  net::test::MemoryNetwork network;
  Shared shared;
  engineio::SessionOptions options;
  reactor::Loop loop{shared.loops, std::make_unique<net::test::MemoryKernel>(network), 100, *this};
  Budgets budgets{shared};
  SessionTable table{shared, loop, budgets};
  std::vector<CloseReason> ends;
};

TEST_F(SessionTableTest, finds_a_session_by_its_whole_id_and_by_its_place) {
  SessionEntry& entry = *open();
  const std::string sid(entry.session.sid());
  EXPECT_EQ(table.find(sid), &entry);
  EXPECT_EQ(table.find(entry.slot, entry.generation), &entry);
  EXPECT_EQ(table.find(entry.slot, 0), nullptr);
  std::string guessed = sid;
  guessed[0] = guessed[0] == 'a' ? 'b' : 'a';
  EXPECT_EQ(table.find(guessed), nullptr);
  EXPECT_EQ(table.find("x"), nullptr);
  const auto slot = entry.slot, generation = entry.generation;
  table.erase(entry);
  EXPECT_EQ(table.find(sid), nullptr);
  EXPECT_EQ(table.find(slot, generation), nullptr);
}

TEST_F(SessionTableTest, refuses_an_address_that_has_too_many_without_a_login) {
  SessionEntry* first = open(1);
  ASSERT_TRUE(first && open(1));
  EXPECT_FALSE(open(1));
  EXPECT_TRUE(open(2));
  first->set_authenticated(true);
  EXPECT_TRUE(open(1)) << "a login makes room";
  EXPECT_EQ(shared.unauthenticated, 3u);
  EXPECT_EQ(shared.sessions, 4u);
  first->set_authenticated(false);
  EXPECT_FALSE(open(1)) << "and takes it again where it leaves";
}

TEST_F(SessionTableTest, runs_a_sessions_timers_and_looks_at_it_then) {
  SessionEntry& entry = *open();
  table.arm(entry);
  EXPECT_EQ(table.timers(), 1u);
  EXPECT_EQ(table.next_deadline(), entry.session.next_deadline());
  looks();
  table.run_timers();
  EXPECT_EQ(looks(), 0) << "nothing is due";
  pass(options.ping_interval);
  table.run_timers();
  EXPECT_EQ(looks(), 1) << "a ping is";
  table.arm(entry);
  pass(options.ping_timeout);
  table.run_timers();
  EXPECT_EQ(ends, std::vector{CloseReason::ping_timeout});
  EXPECT_EQ(looks(), 1);
  EXPECT_EQ(table.timers(), 0u);
}

TEST_F(SessionTableTest, ends_the_oldest_without_a_login_when_these_are_too_many) {
  shared.limits.unauthenticated.set(2);
  SessionEntry& first = *open(1);
  SessionEntry& second = *open(2);
  open(3);
  table.end_due(true);
  EXPECT_TRUE(ends.empty()) << "they could be logging in";
  EXPECT_EQ(table.next_deadline(), loop.now() + seconds(1));
  first.set_authenticated(true);
  open(4);
  pass(seconds(1));
  table.end_due(false);
  EXPECT_TRUE(ends.empty()) << "one that waits unread could be logging in";
  table.end_due(true);
  EXPECT_EQ(ends, std::vector{CloseReason::forced_close});
  EXPECT_FALSE(second.session.open());
  EXPECT_TRUE(second.dropped);
  EXPECT_TRUE(first.session.open());
  EXPECT_EQ(shared.limits.unauthenticated.times(), 1u);
}

TEST_F(SessionTableTest, ends_the_oldest_without_a_login_when_their_heads_are_too_much) {
  shared.limits.unauthenticated_heads.set(1000);
  SessionEntry& first = *open(1, 600);
  open(2, 400);
  table.end_due(true);
  EXPECT_TRUE(ends.empty());
  open(3, 1);
  table.end_due(false);
  EXPECT_EQ(ends.size(), 1u);
  EXPECT_FALSE(first.session.open());
}

TEST_F(SessionTableTest, drains_one_after_the_other) {
  open(1);
  open(2);
  table.begin_drain(Milliseconds(5));
  table.end_due(true);
  EXPECT_EQ(ends, std::vector{CloseReason::server_shutting_down});
  EXPECT_EQ(table.next_deadline(), loop.now() + Milliseconds(5));
  pass(Milliseconds(5));
  table.end_due(true);
  EXPECT_EQ(ends.size(), 2u);
  EXPECT_EQ(shared.sessions, 2u) << "they stay until their last answer has gone";
}

TEST_F(SessionTableTest, counts_what_a_session_holds_as_what_it_has_shown) {
  SessionEntry& entry = *open();
  entry.set_partial(500);
  EXPECT_EQ(shared.partial.all, 500u);
  EXPECT_EQ(shared.partial.unauthenticated, 500u);
  entry.set_authenticated(true);
  EXPECT_EQ(shared.partial.all, 500u);
  EXPECT_EQ(shared.partial.unauthenticated, 0u);
  entry.post = std::make_unique<SessionEntry::Post>();
  entry.post->body = std::string(70, 'x');
  table.count_partial(entry);
  EXPECT_EQ(shared.partial.all, 570u);
}

}  // namespace
}  // namespace signalbox::net
