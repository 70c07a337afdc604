#include "unit/redis/live_client.hpp"
#include "unit/redis/redis_server.hpp"

// Clients of a real redis-server, which each test starts for itself.
namespace signalbox::redis {
namespace {

using test::LiveClient;
using test::RedisServer;
using Mode = ConnectionOptions::Mode;

/// A Redis that does not answer is found out sooner, so that tests do not take seconds.
ConnectionOptions quick(Mode mode = Mode::commands) {
  return {.mode = mode, .answer_time = Milliseconds(400), .idle_time = Milliseconds(100)};
}

struct RealRedis : testing::Test {
  void SetUp() override {
    if (!test::has_redis()) GTEST_SKIP() << "there is no redis-server: apt-get install redis-server";
  }
};

TEST_F(RealRedis, keeps_any_bytes_and_answers_in_order) {
  const RedisServer server;
  LiveClient client(server.url(), {.identity = {.name = "signalbox:test"}});
  EXPECT_EQ(client.next(), "up");
  const std::string value("\0\r\n\xff", 4);
  EXPECT_EQ(client.ask({"SET", "k", value}), "OK");
  EXPECT_EQ(client.ask({"GET", "k"}), value);
  EXPECT_EQ(client.ask({"GET", "none"}), "nil");
  EXPECT_EQ(client.ask({"CLIENT", "GETNAME"}), "signalbox:test");
  EXPECT_TRUE(client.ask({"INCR", "k"}).starts_with("refused: ERR value is not an integer"));
  std::vector<std::future<std::string>> answers;
  for (int i = 0; i < 10'000; ++i) answers.push_back(client.begin({"INCR", "n"}));
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(answers[static_cast<std::size_t>(i)].get(), std::to_string(i + 1));
}

TEST_F(RealRedis, takes_what_is_larger_than_any_buffer) {
  const RedisServer server;
  LiveClient client(server.url());
  EXPECT_EQ(client.next(), "up");
  const std::string large(9'000'000, 'x');
  EXPECT_EQ(client.ask({"SET", "k", large}), "OK");
  EXPECT_TRUE(client.ask({"GET", "k"}) == large);
}

TEST_F(RealRedis, that_answers_more_than_is_allowed_is_left) {
  const RedisServer server;
  ConnectionOptions options;
  options.replies.bytes = 1000;
  LiveClient client(server.url(), options);
  EXPECT_EQ(client.next(), "up");
  EXPECT_EQ(client.ask({"SET", "k", std::string(2000, 'x')}), "OK");
  EXPECT_EQ(client.ask({"GET", "k"}), "lost: the other side sent an answer of more than 1000 bytes");
  EXPECT_EQ(client.next(), "down: the other side sent an answer of more than 1000 bytes");
  EXPECT_EQ(client.next(), "up");
}

TEST_F(RealRedis, runs_scripts_also_when_it_has_forgotten_them) {
  const RedisServer server;
  LiveClient client(server.url());
  EXPECT_EQ(client.next(), "up");
  const Script script("return {KEYS[1], ARGV[1]}");
  EXPECT_EQ(client.run(script, {.keys = {"k"}, .arguments = {"a"}}), "[k a]");
  EXPECT_EQ(client.ask({"EVALSHA", script.sha1(), "1", "k", "b"}), "[k b]") << "it is known now";
  EXPECT_EQ(client.ask({"SCRIPT", "FLUSH"}), "OK");
  EXPECT_EQ(client.run(script, {.keys = {"k"}, .arguments = {"c"}}), "[k c]");
}

TEST_F(RealRedis, tells_subscribers_what_is_published_also_after_it_was_killed) {
  RedisServer server;
  LiveClient subscriber(server.url(), {.mode = Mode::subscriber}), client(server.url());
  EXPECT_EQ(subscriber.next(), "up");
  EXPECT_EQ(client.next(), "up");
  subscriber.subscribe("a");
  EXPECT_EQ(subscriber.next(), "confirmed a");
  subscriber.subscribe("p*", Subscriptions::Kind::pattern);
  EXPECT_EQ(subscriber.next(), "confirmed p*");
  EXPECT_EQ(client.ask({"PUBLISH", "a", "one"}), "1");
  EXPECT_EQ(subscriber.next(), "a: one");
  server.kill();
  EXPECT_TRUE(subscriber.next().starts_with("down: "));
  EXPECT_TRUE(client.next().starts_with("down: "));
  server.start();
  for (LiveClient* one : {&subscriber, &client}) {
    std::string told = one->next();
    if (told.starts_with("down: ")) told = one->next();  // nobody listened for a moment
    EXPECT_EQ(told, "up");
  }
  subscriber.subscribe("b");
  EXPECT_EQ(subscriber.next(), "confirmed b") << "the others have been asked for before";
  EXPECT_EQ(client.ask({"PUBLISH", "a", "two"}), "1");
  EXPECT_EQ(subscriber.next(), "a: two");
  EXPECT_EQ(client.ask({"PUBLISH", "p1", "three"}), "1");
  EXPECT_EQ(subscriber.next(), "p1: three");
}

TEST_F(RealRedis, is_asked_for_fifty_thousand_channels_at_once) {
  const RedisServer server;
  LiveClient subscriber(server.url(), {.mode = Mode::subscriber}), client(server.url());
  EXPECT_EQ(client.next(), "up");
  EXPECT_EQ(subscriber.next(), "up");
  for (int i = 0; i < 50'000; ++i) subscriber.subscribe("user:" + std::to_string(i));
  for (int i = 0; i < 50'000; ++i) ASSERT_TRUE(subscriber.next().starts_with("confirmed user:"));
  EXPECT_EQ(client.ask({"PUBLISH", "user:49999", "x"}), "1");
  EXPECT_EQ(subscriber.next(), "user:49999: x");
}

TEST_F(RealRedis, that_kills_the_client_is_connected_to_again) {
  const RedisServer server;
  LiveClient client(server.url()), other(server.url());
  EXPECT_EQ(client.next(), "up");
  EXPECT_EQ(other.next(), "up");
  EXPECT_EQ(other.ask({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"}), "1");
  EXPECT_EQ(client.next(), "down: " + server.folder().file("redis.sock") + " closed the connection");
  EXPECT_EQ(client.next(), "up");
}

TEST_F(RealRedis, that_stands_still_is_found_out_and_comes_back) {
  RedisServer server;
  LiveClient client(server.url(), quick());
  EXPECT_EQ(client.next(), "up");
  server.program().stop();
  EXPECT_EQ(client.next(), "down: Redis does not answer: nothing came for 400 ms");
  EXPECT_TRUE(client.ask({"PING"}).starts_with("down: there is no connection to Redis: Redis does not answer"));
  server.program().resume();
  EXPECT_EQ(client.next(), "up");
  EXPECT_EQ(client.ask({"PING"}), "PONG");
}

TEST_F(RealRedis, that_pauses_for_a_while_loses_nothing) {
  const RedisServer server;
  LiveClient client(server.url()), other(server.url());
  EXPECT_EQ(client.next(), "up");
  EXPECT_EQ(other.next(), "up");
  EXPECT_EQ(other.ask({"CLIENT", "PAUSE", "300", "ALL"}), "OK");
  auto patient = client.begin({"INCR", "n"});
  EXPECT_EQ(client.ask({"INCR", "n"}, Milliseconds(50)), "late: Redis did not answer in time");
  EXPECT_EQ(patient.get(), "1");
  EXPECT_EQ(client.ask({"INCR", "n"}), "3") << "the one that nobody waited for was carried out";
}

TEST_F(RealRedis, that_is_busy_answers_later) {
  const RedisServer server;
  LiveClient client(server.url()), other(server.url());
  EXPECT_EQ(client.next(), "up");
  EXPECT_EQ(other.next(), "up");
  auto busy = other.begin({"DEBUG", "SLEEP", "0.3"});
  EXPECT_EQ(client.ask({"PING"}), "PONG");
  EXPECT_EQ(busy.get(), "OK");
}

TEST_F(RealRedis, that_becomes_a_replica_is_left_until_it_is_the_primary_again) {
  const RedisServer server;
  LiveClient client(server.url()), other(server.url());
  EXPECT_EQ(client.next(), "up");
  EXPECT_EQ(other.next(), "up");
  EXPECT_EQ(other.ask({"REPLICAOF", "127.0.0.1", "1"}), "OK");
  EXPECT_TRUE(client.ask({"SET", "k", "1"}).starts_with("refused: READONLY"));
  EXPECT_TRUE(client.next().contains("REDIS_URL must name the primary"));
  EXPECT_EQ(client.next(), "up");
  EXPECT_EQ(other.ask({"REPLICAOF", "NO", "ONE"}), "OK");
  EXPECT_EQ(client.ask({"SET", "k", "1"}), "OK");
}

TEST_F(RealRedis, wants_a_password) {
  const RedisServer server({"--requirepass", "secret"});
  LiveClient right(server.url(":secret@")), wrong(server.url(":sesame@")), without(server.url());
  EXPECT_EQ(right.next(), "up");
  const std::string refused = wrong.next();
  EXPECT_TRUE(refused.starts_with("down: WRONGPASS") && refused.contains("in REDIS_URL is wrong")) << refused;
  EXPECT_FALSE(refused.contains("sesame"));
  EXPECT_TRUE(without.next().starts_with("down: NOAUTH Authentication required.: Redis wants a password"));
}

TEST_F(RealRedis, lets_a_user_do_what_its_acl_allows) {
  const RedisServer server({"--user", "ada", "on", ">secret", "~sb:*", "&sb:*", "+@all", "-client"});
  LiveClient client(server.url("ada:secret@"), {.identity = {.name = "a"}}),
      subscriber(server.url("ada:secret@"), {.mode = Mode::subscriber});
  EXPECT_EQ(client.next(), "up") << "without the name, which it may not give";
  EXPECT_EQ(client.ask({"SET", "sb:k", "1"}), "OK");
  const std::string refused = client.ask({"SET", "other", "1"});
  EXPECT_TRUE(refused.starts_with("refused: NOPERM") && refused.contains("ACL SETUSER")) << refused;
  EXPECT_EQ(subscriber.next(), "up");
  subscriber.subscribe("sb:a");
  EXPECT_EQ(subscriber.next(), "confirmed sb:a");
  subscriber.subscribe("other");
  EXPECT_TRUE(subscriber.next().starts_with("refused other: NOPERM"));
}

TEST_F(RealRedis, has_no_such_database) {
  const RedisServer server;
  LiveClient client(server.url() + "?db=99"), second(server.url() + "?db=2");
  EXPECT_TRUE(client.next().contains("REDIS_URL names a database that this Redis does not have"));
  EXPECT_EQ(second.next(), "up");
  EXPECT_TRUE(second.ask({"CLIENT", "INFO"}).contains(" db=2 "));
}

TEST_F(RealRedis, is_found_by_its_name) {
  const std::string port = std::to_string(test::free_port());
  const RedisServer server({"--port", port, "--bind", "127.0.0.1"});
  LiveClient client("redis://localhost:" + port), nowhere("redis://no.such.host.invalid");
  EXPECT_EQ(client.next(), "up") << "also where the name has an IPv6 address on which nobody listens";
  EXPECT_TRUE(nowhere.next().contains("'no.such.host.invalid' has no address"));
}

TEST_F(RealRedis, need_not_be_there_at_the_start) {
  RedisServer server;
  server.kill();
  LiveClient client(server.url());
  EXPECT_TRUE(client.next().contains("does Redis run there?"));
  server.start();
  EXPECT_EQ(client.next(), "up");
}

TEST_F(RealRedis, that_stands_still_does_not_hold_up_the_end) {
  RedisServer server;
  LiveClient client(server.url());
  EXPECT_EQ(client.next(), "up");
  server.program().stop();
  auto answer = client.begin({"PING"});
  client.stop();
  EXPECT_EQ(answer.get(), "lost: this side has stopped");
}

TEST_F(RealRedis, that_does_not_read_fills_no_memory) {
  RedisServer server;
  ConnectionOptions options;
  options.max_unwritten = 1'000'000;
  LiveClient client(server.url(), options);
  EXPECT_EQ(client.next(), "up");
  server.program().stop();
  const std::string large(100'000, 'x');
  std::vector<std::future<std::string>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(client.begin({"SET", "k", large}, Milliseconds(1)));
  std::size_t full = 0;
  for (auto& answer : answers) full += answer.get().starts_with("full: Redis is behind: ");
  EXPECT_GT(full, 80u) << "the kernel took some";
  server.program().resume();
  EXPECT_EQ(client.ask({"PING"}), "PONG");
}

}  // namespace
}  // namespace signalbox::redis
