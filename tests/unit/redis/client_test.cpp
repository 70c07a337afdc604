#include "redis/client.hpp"

#include "support/memory_network.hpp"
#include "unit/redis/scripted_redis.hpp"

// Clients on a network and a clock of the test's.
namespace signalbox::redis {
namespace {

using net::test::MemoryKernel;
using net::test::MemoryNetwork;
using test::encoded;
using test::seconds;
using Listener = MemoryNetwork::Listener;
using Texts = std::vector<std::string>;
using Mode = ConnectionOptions::Mode;

struct ClientTest : testing::Test, reactor::Wheel, Client::Observer {
  ~ClientTest() override { client.reset(); }
  // The loop's wheel.
  TimePoint next_deadline() override { return client ? client->next_deadline() : kNever; }
  void on_events(std::span<const reactor::KernelEvent> events) override {
    for (const auto& event : events) client->on_event(event);
  }
  void end_turn() override {
    client->on_timer();
    loop.begin_writing();
    client->flush();
  }
  // What the client tells.
  void on_up() override { told.push_back("up"); }
  void on_down(const Error& why) override { told.push_back("down: " + why.text); }
  void on_published(const Published& published) override {
    told.push_back(std::string(published.channel) + ": " + std::string(published.payload));
  }

  void begin(std::string_view url, Mode mode = Mode::commands) {
    client.emplace(loop, 3, ClientOptions{.url = parse_url(url).value(), .connection = {.mode = mode}}, *this);
    turn();
  }
  /// Until nothing more happens by itself.
  void turn() {
    for (int i = 0; i < 30; ++i) loop.turn();
  }
  void pass(Milliseconds time) {
    network.now += time;
    turn();
  }
  MemoryNetwork::Socket& peer() {
    EXPECT_EQ(network.sockets.size(), 1u);
    return network.sockets.begin()->second;
  }
  void say(std::string_view bytes) {
    peer().in += bytes;
    turn();
  }
  void expect_sent(const std::vector<Command>& commands) {
    std::string expected;
    for (const Command& command : commands) expected += encoded(command);
    EXPECT_EQ(std::exchange(peer().out, {}), expected);
  }
  /// From the first command of a connection on until it is up.
  void shake_hands() {
    expect_sent({{"SELECT", "0"}});
    say("+OK\r\n");
  }
  void begin_up() {
    network.listeners["10.0.0.1:6379"] = Listener::answers;
    begin("redis://10.0.0.1");
    shake_hands();
    EXPECT_EQ(take(), Texts{"up"});
  }
  Texts take() { return std::exchange(told, {}); }

  MemoryNetwork network;
  reactor::Loops loops;
  reactor::Loop loop{loops, std::make_unique<MemoryKernel>(network), 100, *this};
  std::optional<Client> client;
  Texts told;
  test::Answers answers;
};

TEST_F(ClientTest, connects_shakes_hands_and_is_up) {
  network.listeners["10.0.0.1:6379"] = Listener::answers;
  begin("redis://10.0.0.1");
  EXPECT_FALSE(client->is_up());
  client->send({"PING"}, answers.note());
  EXPECT_EQ(answers.take(), Texts{"down: there is no connection to Redis"});
  shake_hands();
  EXPECT_TRUE(client->is_up());
  EXPECT_EQ(take(), Texts{"up"});
  client->send({"GET", "a"}, answers.note());
  EXPECT_EQ(client->next_deadline(), TimePoint::min()) << "it is to be written in this turn";
  turn();
  expect_sent({{"GET", "a"}});
  say("$1\r\nx\r\n");
  EXPECT_EQ(answers.take(), Texts{"x"});
}

TEST_F(ClientTest, writes_what_the_kernel_takes_and_the_rest_when_it_takes_more) {
  begin_up();
  peer().room = 10;
  client->send({"SET", "a", "value"}, answers.note());
  turn();
  EXPECT_EQ(peer().out.size(), 10u);
  peer().room = SIZE_MAX;
  turn();
  expect_sent({{"SET", "a", "value"}});
}

TEST_F(ClientTest, tells_once_that_it_is_down_and_again_when_the_reason_changes) {
  const std::string refused = "down: 10.0.0.1:6379 cannot be reached (Connection refused): does Redis run there?";
  begin("redis://10.0.0.1");
  EXPECT_EQ(take(), Texts{refused});
  for (int i = 0; i < 5; ++i) pass(seconds(2));
  EXPECT_EQ(take(), Texts{});
  client->send({"PING"}, answers.note());
  EXPECT_TRUE(answers.take()[0].contains("does Redis run there?"));
  network.listeners["10.0.0.1:6379"] = Listener::answers;
  pass(seconds(2));
  say("-NOAUTH Authentication required.\r\n");
  const Texts told_now = take();
  ASSERT_EQ(told_now.size(), 1u);
  EXPECT_TRUE(told_now[0].starts_with("down: NOAUTH Authentication required.: Redis wants a password"));
  pass(seconds(2));
  shake_hands();
  EXPECT_EQ(take(), Texts{"up"});
  peer().ended = true;
  turn();
  EXPECT_EQ(take(), Texts{"down: 10.0.0.1:6379 closed the connection"});
}

TEST_F(ClientTest, comes_back_after_50_ms_at_first_and_after_2_s_at_last) {
  begin_up();
  const TimePoint lost = network.now + seconds(10);
  network.now = lost;
  peer().ended = true;
  turn();
  EXPECT_GE(client->next_deadline(), lost + Milliseconds(25));
  EXPECT_LE(client->next_deadline(), lost + Milliseconds(50));
  network.listeners.clear();
  for (int i = 0; i < 10; ++i) pass(seconds(2));
  EXPECT_GE(client->next_deadline(), network.now + seconds(1));
  EXPECT_LE(client->next_deadline(), network.now + seconds(2));
}

TEST_F(ClientTest, does_not_hurry_where_each_connection_ends_at_once) {
  begin_up();
  for (int i = 0; i < 8; ++i) {
    peer().ended = true;
    turn();
    pass(seconds(2));
    shake_hands();
  }
  peer().ended = true;
  turn();
  EXPECT_GE(client->next_deadline(), network.now + seconds(1));
}

TEST_F(ClientTest, says_what_became_of_the_commands_of_a_lost_connection) {
  begin_up();
  client->send({"SET", "a", "1"}, answers.note());
  turn();
  peer().broken = true;
  turn();
  EXPECT_EQ(answers.take(), Texts{"lost: 10.0.0.1:6379 closed the connection"});
}

TEST_F(ClientTest, guesses_that_a_port_wants_tls) {
  network.listeners["10.0.0.1:6379"] = Listener::answers;
  begin("redis://10.0.0.1");
  peer().ended = true;
  turn();
  EXPECT_TRUE(take()[0].contains("write rediss:// into REDIS_URL"));
}

TEST_F(ClientTest, gives_up_an_address_that_does_not_answer) {
  network.listeners["10.0.0.1:6379"] = Listener::hangs;
  begin("redis://10.0.0.1");
  pass(seconds(3) - Milliseconds(1));
  EXPECT_EQ(take(), Texts{});
  pass(Milliseconds(1));
  EXPECT_EQ(take(), Texts{"down: 10.0.0.1:6379 cannot be reached (Connection timed out): does Redis run there?"});
}

TEST_F(ClientTest, looks_for_another_server_when_this_one_has_become_a_replica) {
  begin_up();
  client->send({"SET", "a", "1"}, answers.note());
  turn();
  say("-READONLY You can't write against a read only replica.\r\n");
  EXPECT_TRUE(answers.take()[0].starts_with("refused: READONLY"));
  EXPECT_TRUE(take()[0].contains("REDIS_URL must name the primary"));
  EXPECT_TRUE(network.sockets.empty());
}

TEST_F(ClientTest, runs_a_script_with_its_source_where_redis_does_not_know_it) {
  begin_up();
  const Script script("return 7");
  client->run(script, {.keys = {"k"}}, answers.note());
  turn();
  expect_sent({{"EVALSHA", script.sha1(), "1", "k"}});
  say("-NOSCRIPT No matching script. Please use EVAL.\r\n");
  expect_sent({{"EVAL", "return 7", "1", "k"}});
  say(":7\r\n");
  EXPECT_EQ(answers.take(), Texts{"7"});
}

TEST_F(ClientTest, subscribes_anew_on_each_connection) {
  network.listeners["10.0.0.1:6379"] = Listener::answers;
  begin("redis://10.0.0.1", Mode::subscriber);
  const auto note = [this](const std::expected<void, Error>& result) {
    told.push_back(result ? "confirmed" : result.error().text);
  };
  client->subscribe(Subscriptions::Kind::channel, "a", note);
  shake_hands();
  expect_sent({{"SUBSCRIBE", "a"}});
  peer().ended = true;
  turn();
  pass(Milliseconds(50));
  shake_hands();
  expect_sent({{"SUBSCRIBE", "a"}});
  say("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n");
  EXPECT_EQ(take(), (Texts{"up", "down: 10.0.0.1:6379 closed the connection", "up", "confirmed", "a: hi"}));
  client->unsubscribe(Subscriptions::Kind::channel, "a");
  turn();
  expect_sent({{"UNSUBSCRIBE", "a"}});
}

TEST_F(ClientTest, sends_many_subscriptions_only_as_fast_as_they_leave) {
  network.listeners["10.0.0.1:6379"] = Listener::answers;
  begin("redis://10.0.0.1", Mode::subscriber);
  for (int i = 0; i < 50'000; ++i)
    client->subscribe(Subscriptions::Kind::channel, "user:" + std::to_string(i), [](const auto&) {});
  expect_sent({{"SELECT", "0"}});
  peer().room = 10'000;
  say("+OK\r\n");
  EXPECT_EQ(peer().out.size(), 10'000u);
  EXPECT_NE(client->next_deadline(), TimePoint::min()) << "it waits for the kernel";
  peer().room = SIZE_MAX;
  turn();
  std::size_t commands = 0;
  for (std::size_t at = 0; (at = peer().out.find("SUBSCRIBE", at)) != std::string::npos; ++at) ++commands;
  EXPECT_EQ(commands, 50u);
}

TEST_F(ClientTest, tells_all_who_wait_when_it_is_stopped_and_then_nobody) {
  begin_up();
  client->send({"GET", "a"}, answers.note());
  client->stop();
  EXPECT_EQ(answers.take(), Texts{"lost: this side has stopped"});
  client->send({"GET", "a"}, answers.note());
  EXPECT_EQ(answers.take(), Texts{"down: there is no connection to Redis"});
  turn();
  EXPECT_TRUE(network.sockets.empty());
  pass(seconds(60));
  EXPECT_TRUE(network.sockets.empty());
  EXPECT_EQ(take(), Texts{});
}

struct SentinelTest : ClientTest {
  SentinelTest() {
    for (const char* sentinel : {"10.0.0.1:26379", "10.0.0.2:26379"}) network.listeners[sentinel] = Listener::answers;
    network.listeners["10.0.0.8:6379"] = Listener::answers;
    network.listeners["10.0.0.9:6379"] = Listener::answers;
  }
  void begin_with_sentinels(std::string_view identity = "") {
    begin("redis+sentinel://" + std::string(identity) + "10.0.0.1,10.0.0.2/mymaster");
  }
  std::string where() { return reactor::to_text(peer().peer); }
  void name_primary(std::string_view address) {
    expect_sent({{"PING"}});
    say("+PONG\r\n");
    expect_sent({{"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"}});
    say("*2\r\n$8\r\n" + std::string(address) + "\r\n$4\r\n6379\r\n");
    EXPECT_EQ(where(), address);
  }
  void be(std::string_view role) {
    shake_hands();
    expect_sent({{"ROLE"}});
    say("*3\r\n$" + std::to_string(role.size()) + "\r\n" + std::string(role) + "\r\n:0\r\n*0\r\n");
  }
};

TEST_F(SentinelTest, asks_where_the_primary_is_and_whether_it_is_one) {
  begin_with_sentinels();
  EXPECT_EQ(where(), "10.0.0.1");
  name_primary("10.0.0.8");
  be("master");
  EXPECT_EQ(take(), Texts{"up"});
}

TEST_F(SentinelTest, asks_anew_after_a_failover) {
  begin_with_sentinels();
  name_primary("10.0.0.8");
  be("master");
  peer().broken = true;
  turn();
  pass(Milliseconds(50));
  name_primary("10.0.0.9");
  be("master");
  EXPECT_EQ(take(), (Texts{"up", "down: 10.0.0.8:6379 closed the connection", "up"}));
}

TEST_F(SentinelTest, asks_the_next_sentinel_at_once_where_one_does_not_know) {
  begin_with_sentinels();
  say("+PONG\r\n*-1\r\n");
  EXPECT_EQ(where(), "10.0.0.2");
  say("+PONG\r\n*-1\r\n");
  EXPECT_EQ(take(), Texts{"down: the sentinel knows no primary 'mymaster': REDIS_URL must name one that it watches"});
  network.listeners.erase("10.0.0.1:26379");
  pass(Milliseconds(50));
  EXPECT_EQ(where(), "10.0.0.2") << "the first is not there";
  name_primary("10.0.0.8");
  be("master");
  EXPECT_EQ(take(), Texts{"up"});
}

TEST_F(SentinelTest, does_not_believe_a_sentinel_that_names_a_replica) {
  begin_with_sentinels();
  name_primary("10.0.0.8");
  be("slave");
  EXPECT_EQ(where(), "10.0.0.2") << "another is asked";
  name_primary("10.0.0.9");
  be("master");
  EXPECT_EQ(take(), Texts{"up"});
}

TEST_F(SentinelTest, shows_a_sentinel_the_password_only_when_it_asks_for_one) {
  begin_with_sentinels(":secret@");
  expect_sent({{"PING"}});
  say("-NOAUTH Authentication required.\r\n");
  EXPECT_EQ(where(), "10.0.0.1");
  expect_sent({{"HELLO", "2", "AUTH", "default", "secret"}});
  say("*0\r\n");
  name_primary("10.0.0.8");
  expect_sent({{"HELLO", "2", "AUTH", "default", "secret"}});
  EXPECT_EQ(take(), Texts{});
}

TEST_F(SentinelTest, takes_no_other_answer_for_an_address) {
  begin_with_sentinels();
  say("+PONG\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
  say("+PONG\r\n:1\r\n");
  EXPECT_EQ(take(), Texts{"down: what answers is no sentinel"});
}

}  // namespace
}  // namespace signalbox::redis
