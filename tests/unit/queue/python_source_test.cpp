#include "queue/python_source.hpp"

#include <gtest/gtest.h>

#include <string>

#include "unit/queue/fake_sink.hpp"
#include "unit/queue/live_source.hpp"
#include "unit/redis/live_client.hpp"
#include "unit/redis/redis_server.hpp"
#include "unit/redis/told.hpp"

// What python-socketio publishes, in a real redis-server.
namespace signalbox::queue::test {
namespace {

using redis::test::LiveClient;
using redis::test::RedisServer;

/// The sockets of one node.
class FakeSockets final : public OwnSockets {
 public:
  std::expected<void, EmitError> emit(PythonEmit event) override {
    told_.add(event.nsp + " " + event.event + " " + event.arguments.str() + " " + std::to_string(event.rooms.size()) +
              " rooms, " + std::to_string(event.except.size()) + " not, " + std::to_string(event.attachments.size()) +
              " attachments");
    return {};
  }
  std::string next() { return told_.next(); }

 private:
  redis::test::Told told_;
};

struct PythonSourceTest : testing::Test {
  void SetUp() override {
    if (!redis::test::has_redis()) GTEST_SKIP() << "there is no redis-server: apt-get install redis-server";
    EXPECT_EQ(worker.next(), "up");
  }

  using Live = LiveSource<PythonSource>;
  std::unique_ptr<Live> node(const std::string& name, OwnSockets& own) {
    return std::make_unique<Live>(sink, own,
                                  PythonOptions{.common = common_options(server, name),
                                                .channel = "socketio",
                                                .limits = {.bytes = 10'000, .depth = 8, .attachments = 4}});
  }
  void publish(const std::string& event, const std::string& data, const std::string& rest) {
    worker.ask({"PUBLISH", "socketio",
                R"({"method": "emit", "event": ")" + event + R"(", "data": )" + data + R"(, "namespace": "/", )" +
                    rest + "}"});
  }
  void await_listeners(const std::string& count) {
    while (worker.ask({"PUBSUB", "NUMSUB", "socketio"}) != "[socketio " + count + "]") std::this_thread::yield();
  }

  RedisServer server;
  LiveClient worker{server.url()};
  FakeSink sink;
  FakeSockets sockets, other_sockets;
};

TEST_F(PythonSourceTest, tells_users_by_one_node_and_others_by_each) {
  const auto first = node("n1", sockets);
  first->await_reader();
  const auto second = node("n2", other_sockets);
  second->await_reader();
  await_listeners("2");
  publish("job_completed", R"([{"jobId": "7"}])", R"("room": ["user:42", "user:43", "user:42"])");
  EXPECT_EQ(sink.next(), R"(42 job_completed [{"jobId": "7"}])");
  EXPECT_EQ(sink.next(), R"(43 job_completed [{"jobId": "7"}])");
  publish("x", "[1]", R"("room": null)");
  for (FakeSockets* each : {&sockets, &other_sockets}) EXPECT_EQ(each->next(), "/ x [1] 0 rooms, 0 not, 0 attachments");
  EXPECT_TRUE(sink.empty());
  EXPECT_EQ(first->status().outcomes, 2u);
  EXPECT_EQ(second->status().outcomes, 0u);
  EXPECT_EQ(second->status().events, 2u);
}

TEST_F(PythonSourceTest, tells_sockets_what_the_sink_does_not_know_of) {
  const auto reader = node("n1", sockets);
  reader->await_reader();
  const std::string to_user = R"("room": "user:42")";
  publish("x", "[1]", to_user + R"(, "skip_sid": "s")");
  EXPECT_EQ(sockets.next(), "/ x [1] 1 rooms, 1 not, 0 attachments");
  publish("x", R"([[{"_placeholder": true, "num": 0}], "AP8="])", to_user + R"(, "binary": true)");
  EXPECT_EQ(sockets.next(), R"(/ x [{"_placeholder": true, "num": 0}] 1 rooms, 0 not, 1 attachments)");
  publish("x", "[1]", R"("room": ["user:42", "sid"])");
  EXPECT_EQ(sockets.next(), "/ x [1] 2 rooms, 0 not, 0 attachments");
  publish("job_failed", R"([{"jobId": "7"}])", to_user + R"(, "skip_sid": "s")");
  EXPECT_EQ(sink.next(), R"(42 job_failed [{"jobId": "7"}])") << "an outcome is kept for all of its user's sockets";
}

TEST_F(PythonSourceTest, gives_the_sink_any_arguments) {
  const auto reader = node("n1", sockets);
  reader->await_reader();
  publish("x", "[1, 2]", R"("room": "user:42")");
  EXPECT_EQ(sink.next(), "42 x [1, 2]");
  publish("x", "[null]", R"("room": "user:42")");
  EXPECT_EQ(sink.next(), "42 x []");
}

TEST_F(PythonSourceTest, keeps_an_outcome_for_the_users_among_its_rooms) {
  const auto reader = node("n1", sockets);
  reader->await_reader();
  publish("job_completed", R"([{"jobId": "7"}, 1])", R"("room": ["user:42", "sid"])");
  EXPECT_EQ(sink.next(), R"(42 job_completed [{"jobId": "7"}, 1])");
  EXPECT_EQ(sockets.next(), R"(/ job_completed [{"jobId": "7"}, 1] 1 rooms, 1 not, 0 attachments)")
      << "but for the sockets of that user";
}

TEST_F(PythonSourceTest, holds_no_lease_while_it_may_not_hear) {
  EXPECT_EQ(worker.ask({"ACL", "SETUSER", "default", "resetchannels"}), "OK");
  const auto reader = node("n1", sockets);
  while (!worker.ask({"ACL", "LOG"}).contains("socketio")) std::this_thread::yield();
  EXPECT_EQ(reader->status().reader, "");
  EXPECT_EQ(worker.ask({"ACL", "SETUSER", "default", "allchannels"}), "OK");
  await_listeners("1");
  reader->await_reader();
  publish("x", "[1]", R"("room": "user:42")");
  EXPECT_EQ(sink.next(), "42 x [1]");
}

TEST_F(PythonSourceTest, hears_again_when_redis_comes_back_and_the_next_node_when_one_dies) {
  auto first = node("n1", sockets);
  first->await_reader();
  const auto second = node("n2", other_sockets);
  server.kill();
  EXPECT_TRUE(worker.next().starts_with("down: "));
  server.start();
  while (worker.next() != "up") {
  }
  await_listeners("2");
  first->await_reader();
  publish("x", "[1]", R"("room": "user:42")");
  EXPECT_EQ(sink.next(), "42 x [1]");
  first->die();
  while (second->status().reader != "n2") std::this_thread::yield();
  publish("x", "[2]", R"("room": "user:42")");
  EXPECT_EQ(sink.next(), "42 x [2]");
}

TEST_F(PythonSourceTest, drops_what_it_cannot_read) {
  const auto reader = node("n1", sockets);
  reader->await_reader();
  worker.ask({"PUBLISH", "socketio", "\x80\x04\x95"});
  worker.ask({"PUBLISH", "socketio", R"({"method": "close_room", "room": "user:42"})"});
  publish("x", "[1]", R"("room": "user:42")");
  EXPECT_EQ(sink.next(), "42 x [1]");
}

}  // namespace
}  // namespace signalbox::queue::test
