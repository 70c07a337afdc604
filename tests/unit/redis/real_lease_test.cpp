#include "redis/lease.hpp"

#include "unit/redis/live_client.hpp"
#include "unit/redis/redis_server.hpp"
#include "unit/redis/told.hpp"

// Who holds a lease in a real redis-server.
namespace signalbox::redis {
namespace {

using test::RedisServer;

/// One who wants the lease: a thread with a client.
struct Contender final : reactor::Part, Client::Observer {
  Contender(const RedisServer& server, std::string name)
      : commands((static_cast<void>(thread.add(*this)), thread.add({.url = parse_url(server.url()).value()}, *this))),
        lease(commands, "lease", name, [this](bool held) { told.add(held ? "held" : "lost"); }) {
    thread.start();
  }
  ~Contender() { thread.stop(); }

  void on_up() override { lease.begin(thread.loop().now()); }
  void on_down(const Error&) override { lease.end(); }
  TimePoint next_deadline() const override { return lease.next_deadline(); }
  void on_event(const reactor::KernelEvent&) override {}
  void on_timer() override { lease.on_timer(thread.loop().now(), able); }
  void flush() override {}

  std::string next() { return told.next(); }
  template <class Task>
  void on_thread(Task task) {
    EXPECT_TRUE(thread.post(std::move(task)));
  }

  test::Told told;
  ClientThread thread;
  Client& commands;
  Lease lease;
  std::atomic<bool> able{true};
};

struct RealLease : testing::Test {
  void SetUp() override {
    if (!test::has_redis()) GTEST_SKIP() << "there is no redis-server: apt-get install redis-server";
  }
};

TEST_F(RealLease, one_holds_it_and_another_when_that_leaves) {
  const RedisServer server;
  Contender first(server, "one");
  EXPECT_EQ(first.next(), "held");
  Contender second(server, "two");
  first.on_thread([&] { first.lease.leave(); });
  EXPECT_EQ(first.next(), "lost");
  EXPECT_EQ(second.next(), "held");
}

TEST_F(RealLease, is_free_when_its_holder_has_died) {
  const RedisServer server;
  auto first = std::make_unique<Contender>(server, "one");
  EXPECT_EQ(first->next(), "held");
  Contender second(server, "two");
  first.reset();
  EXPECT_EQ(second.next(), "held");
}

TEST_F(RealLease, a_holder_that_cannot_work_loses_it) {
  const RedisServer server;
  Contender first(server, "one");
  EXPECT_EQ(first.next(), "held");
  first.able = false;
  EXPECT_EQ(first.next(), "lost");
  first.able = true;
  EXPECT_EQ(first.next(), "held");
}

TEST_F(RealLease, is_lost_with_Redis_and_held_again_when_that_is_back) {
  RedisServer server;
  Contender first(server, "one");
  EXPECT_EQ(first.next(), "held");
  server.kill();
  EXPECT_EQ(first.next(), "lost");
  server.start();
  EXPECT_EQ(first.next(), "held");
}

}  // namespace
}  // namespace signalbox::redis
