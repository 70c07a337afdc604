#include <fstream>

#include "unit/redis/live_client.hpp"
#include "unit/redis/redis_server.hpp"

// A real Sentinel that promotes a real replica.
namespace signalbox::redis {
namespace {

using test::LiveClient;
using test::RedisServer;
using Mode = ConnectionOptions::Mode;

std::string until_up(LiveClient& client) {
  std::string told = client.next();
  while (told.starts_with("down: ")) told = client.next();
  return told;
}

TEST(RealSentinel, leads_clients_to_the_new_primary) {
  if (!test::has_redis()) GTEST_SKIP() << "there is no redis-server: apt-get install redis-server";
  const std::string first = std::to_string(test::free_port()), second = std::to_string(test::free_port()),
                    sentinel = std::to_string(test::free_port());
  RedisServer primary({"--port", first, "--bind", "127.0.0.1"});
  RedisServer replica({"--port", second, "--bind", "127.0.0.1", "--replicaof", "127.0.0.1", first});
  ASSERT_TRUE(replica.program().await("sync: Finished with success"));
  const test::TemporaryFolder folder;
  std::ofstream(folder.file("sentinel.conf")) << "port " << sentinel << "\nbind 127.0.0.1\ndir " << folder.path()
                                              << "\nsentinel monitor mymaster 127.0.0.1 " << first << " 1\n"
                                              << "sentinel down-after-milliseconds mymaster 300\n"
                                              << "sentinel failover-timeout mymaster 2000\n";
  test::Program watching({"redis-server", folder.file("sentinel.conf"), "--sentinel"}, "+monitor master mymaster");
  ASSERT_TRUE(watching.await("+slave slave 127.0.0.1:" + second));

  const std::string url = "redis+sentinel://127.0.0.1:1,127.0.0.1:" + sentinel + "/mymaster";
  LiveClient client(url), subscriber(url, {.mode = Mode::subscriber});
  EXPECT_EQ(client.next(), "up") << "although nobody is at the first sentinel's port";
  EXPECT_EQ(subscriber.next(), "up");
  subscriber.subscribe("a");
  EXPECT_EQ(subscriber.next(), "confirmed a");
  EXPECT_EQ(client.ask({"SET", "k", "before"}), "OK");
  EXPECT_EQ(client.ask({"WAIT", "1", "5000"}, Milliseconds(6000)), "1");

  primary.kill();
  ASSERT_TRUE(watching.await("+switch-master mymaster 127.0.0.1 " + first + " 127.0.0.1 " + second));
  EXPECT_EQ(until_up(client), "up");
  EXPECT_EQ(until_up(subscriber), "up");
  EXPECT_EQ(client.ask({"GET", "k"}), "before");
  EXPECT_EQ(client.ask({"SET", "k", "after"}), "OK");
  subscriber.subscribe("b");
  EXPECT_EQ(subscriber.next(), "confirmed b");
  EXPECT_EQ(client.ask({"PUBLISH", "a", "x"}), "1");
  EXPECT_EQ(subscriber.next(), "a: x");
}

}  // namespace
}  // namespace signalbox::redis
