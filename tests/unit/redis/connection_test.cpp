#include "redis/connection.hpp"

#include "unit/redis/scripted_redis.hpp"

namespace signalbox::redis {
namespace {

using Mode = ConnectionOptions::Mode;
using Texts = std::vector<std::string>;
using test::seconds;
struct RedisConnection : test::ConnectionTest {};

TEST_F(RedisConnection, answers_commands_in_their_order) {
  ready_one();
  send({"GET", "a"});
  send({"INCR", "b"});
  send({"GET", "c"});
  expect_sent({{"GET", "a"}, {"INCR", "b"}, {"GET", "c"}});
  say("$1\r\nx\r\n:2");
  EXPECT_EQ(answers.take(), Texts{"x"});
  say("\r\n$-1\r\n");
  EXPECT_EQ(answers.take(), (Texts{"2", "nil"}));
}

TEST_F(RedisConnection, answers_the_same_however_the_bytes_are_cut) {
  const std::string bytes = "+OK\r\n*2\r\n:1\r\n-ERR inner\r\n-WRONGTYPE no\r\n$3\r\n\r\n\r\r\n:9\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    begin();
    connection->take("+OK\r\n", now);
    for (int i = 0; i < 5; ++i) send({"PING"});
    for (std::size_t at = 0; at < bytes.size(); at += piece) say(std::string_view(bytes).substr(at, piece));
    EXPECT_EQ(answers.take(), (Texts{"OK", "[1 ERR inner]", "refused: WRONGTYPE no", "\r\n\r", "9"})) << piece;
  }
}

TEST_F(RedisConnection, sends_nothing_before_it_is_ready_and_says_so) {
  begin();
  send({"PING"});
  EXPECT_EQ(answers.take(), Texts{"down: the connection to Redis is not ready yet"});
  expect_sent({{"SELECT", "0"}});
}

TEST_F(RedisConnection, gives_what_waits_to_be_written_in_pieces) {
  ready_one();
  send({"PING"});
  const std::string all(connection->unwritten());
  for (std::size_t at = 0; at < all.size(); ++at) {
    EXPECT_EQ(connection->unwritten(), all.substr(at));
    connection->wrote(1);
  }
  EXPECT_EQ(connection->unwritten(), "");
}

TEST_F(RedisConnection, refuses_a_command_when_too_many_bytes_wait_to_be_written) {
  ready_one({.max_unwritten = 1000});
  const std::string large(800, 'x');
  send({"SET", "a", large});
  EXPECT_TRUE(answers.got.empty());
  const std::string first(connection->unwritten());
  send({"SET", "b", large});
  EXPECT_EQ(answers.take(),
            Texts{"full: Redis is behind: " + std::to_string(first.size()) + " bytes wait to be written to it"});
  EXPECT_EQ(connection->unwritten(), first) << "it is not held";
  connection->wrote(first.size());
  send({"SET", "c", large});
  EXPECT_TRUE(answers.got.empty());
}

TEST_F(RedisConnection, refuses_a_command_when_too_many_wait_for_an_answer) {
  ready_one({.max_unanswered = 2});
  send({"PING"});
  send({"PING"});
  send({"PING"});
  EXPECT_EQ(answers.take(), Texts{"full: Redis is behind: 2 commands wait for an answer"});
  say("+PONG\r\n");
  send({"PING"});
  EXPECT_EQ(answers.take(), Texts{"PONG"});
}

TEST_F(RedisConnection, tells_who_has_no_patience_and_keeps_the_order) {
  ready_one();
  connection->send({"GET", "a"}, answers.note(), now, seconds(1));
  connection->send({"GET", "b"}, answers.note(), now, seconds(3));
  EXPECT_EQ(connection->next_deadline(), now + seconds(1));
  pass(seconds(1));
  EXPECT_EQ(answers.take(), Texts{"late: Redis did not answer in time"});
  EXPECT_EQ(connection->next_deadline(), now + seconds(2));
  say("$3\r\nfor\r\n$1\r\nb\r\n");
  EXPECT_EQ(answers.take(), Texts{"b"}) << "the late answer is nobody's";
}

TEST_F(RedisConnection, is_dead_when_nothing_comes_while_an_answer_is_owed) {
  ready_one();
  pass(seconds(2));
  send({"GET", "a"});
  send({"GET", "b"});
  pass(seconds(4));
  say("$1\r\nx\r\n");
  EXPECT_EQ(answers.take(), Texts{"x"});
  connection->send({"GET", "c"}, answers.note(), now, seconds(60));
  pass(seconds(1));
  EXPECT_EQ(answers.take(), Texts{"late: Redis did not answer in time"}) << "to b, but it speaks";
  EXPECT_FALSE(connection->ended());
  EXPECT_EQ(connection->next_deadline(), now + seconds(4));
  pass(seconds(4));
  EXPECT_EQ(connection->ended()->kind, Error::Kind::late);
  EXPECT_EQ(answers.take(), Texts{"lost: Redis does not answer: nothing came for 5000 ms"});
}

TEST_F(RedisConnection, waits_longer_for_a_command_that_blocks) {
  ready_one();
  connection->send({"XREAD", "BLOCK", "8000", "STREAMS", "s", "$"}, answers.note(), now, seconds(10));
  pass(seconds(9));
  EXPECT_FALSE(connection->ended());
  pass(seconds(1));
  EXPECT_TRUE(connection->ended());
}

TEST_F(RedisConnection, asks_an_idle_redis_whether_it_lives) {
  ready_one();
  EXPECT_EQ(connection->next_deadline(), now + seconds(5));
  pass(seconds(5));
  expect_sent({{"PING"}});
  pass(seconds(4));
  expect_sent({});
  say("+PONG\r\n");
  EXPECT_EQ(connection->next_deadline(), now + seconds(5));
  pass(seconds(5));
  expect_sent({{"PING"}});
  pass(seconds(5));
  EXPECT_EQ(end_text(), "Redis does not answer: nothing came for 5000 ms");
}

TEST_F(RedisConnection, tells_everybody_who_waits_once_when_it_ends) {
  ready_one();
  send({"GET", "a"});
  send({"GET", "b"});
  connection->send({"GET", "c"}, [this](const Answer&) { send({"GET", "d"}); }, now);
  connection->end({.kind = Error::Kind::lost, .text = "it was cut"});
  connection->end({.kind = Error::Kind::lost, .text = "again"});
  EXPECT_EQ(answers.take(),
            (Texts{"lost: it was cut", "lost: it was cut", "down: there is no connection to Redis: it was cut"}));
  say("$1\r\nx\r\n");
  pass(seconds(60));
  EXPECT_EQ(answers.take(), Texts{});
  EXPECT_EQ(end_text(), "it was cut");
}

TEST_F(RedisConnection, may_be_sent_on_and_ended_by_whoever_is_answered) {
  ready_one();
  connection->send({"GET", "a"}, [this](const Answer&) { send({"GET", "b"}); }, now);
  connection->send(
      {"GET", "c"}, [this](const Answer&) { connection->end({.kind = Error::Kind::lost, .text = "enough"}); }, now);
  say(":1\r\n:2\r\n:3\r\n");
  EXPECT_EQ(answers.take(), Texts{"lost: enough"});
}

TEST_F(RedisConnection, ends_when_redis_can_serve_nobody_here) {
  for (const char* said : {"READONLY You can't write against a read only replica.", "LOADING Redis is loading",
                           "MASTERDOWN Link with MASTER is down", "NOAUTH Authentication required."}) {
    begin();
    connection->take("+OK\r\n", now);
    send({"SET", "a", "1"});
    send({"SET", "b", "1"});
    say("-" + std::string(said) + "\r\n:1\r\n");
    const auto got = answers.take();
    ASSERT_EQ(got.size(), 2u);
    EXPECT_TRUE(got[0].starts_with("refused: " + std::string(said)));
    EXPECT_TRUE(got[1].starts_with("lost: " + std::string(said)));
    EXPECT_EQ(connection->ended()->kind, Error::Kind::refused);
  }
}

TEST_F(RedisConnection, goes_on_after_other_refusals) {
  ready_one();
  send({"LPUSH", "a"});
  say("-OOM command not allowed when used memory > 'maxmemory'.\r\n");
  EXPECT_TRUE(answers.take()[0].contains("maxmemory-policy"));
  EXPECT_FALSE(connection->ended());
}

TEST_F(RedisConnection, ends_at_what_no_redis_says) {
  ready_one();
  say("HTTP/1.1 400 Bad Request\r\n");
  EXPECT_TRUE(end_text().starts_with("the other side sent no answer of Redis")) << end_text();
  begin();
  say("+OK\r\n");
  say("+OK\r\n");
  EXPECT_EQ(end_text(), "the other side answered what was not asked");
  begin({.replies = {.bytes = 100}});
  say("+OK\r\n");
  send({"GET", "a"});
  say("$1000\r\n");
  EXPECT_EQ(answers.take(), Texts{"lost: the other side sent an answer of more than 100 bytes"});
}

TEST_F(RedisConnection, ends_with_what_redis_says_unasked) {
  ready_one();
  say("-ERR max number of clients reached\r\n");
  EXPECT_TRUE(end_text().contains("raise maxclients"));
}

struct SubscriberConnection : test::ConnectionTest {
  SubscriberConnection() { ready_one({.mode = Mode::subscriber}); }
};

TEST_F(SubscriberConnection, hears_what_is_published) {
  send({"SUBSCRIBE", "a", "b"});
  say("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
  EXPECT_EQ(answers.take(), Texts{}) << "one is not heard yet";
  say("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$5\r\nhello\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n");
  EXPECT_EQ(answers.take(), Texts{"[subscribe b 2]"});
  send({"PSUBSCRIBE", "c*"});
  say("*3\r\n$10\r\npsubscribe\r\n$2\r\nc*\r\n:3\r\n*4\r\n$8\r\npmessage\r\n$2\r\nc*\r\n$2\r\nc1\r\n$0\r\n\r\n");
  EXPECT_EQ(answers.take(), Texts{"[psubscribe c* 3]"});
  EXPECT_EQ(heard, (Texts{"|a|hello", "c*|c1|"}));
}

TEST_F(SubscriberConnection, is_told_that_a_whole_command_was_refused) {
  send({"SUBSCRIBE", "a", "b"});
  send({"SUBSCRIBE", "c"});
  say("-NOPERM this user has no permissions to access one of the "
      "channels\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
  const auto got = answers.take();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_TRUE(got[0].starts_with("refused: NOPERM"));
  EXPECT_EQ(got[1], "[subscribe c 1]");
}

TEST_F(SubscriberConnection, asks_whether_redis_lives_and_takes_both_forms_of_the_answer) {
  pass(seconds(5));
  expect_sent({{"PING"}});
  say("+PONG\r\n");
  pass(seconds(5));
  expect_sent({{"PING"}});
  say("*2\r\n$4\r\npong\r\n$0\r\n\r\n");
  EXPECT_FALSE(connection->ended());
  EXPECT_EQ(connection->next_deadline(), now + seconds(5));
}

TEST_F(SubscriberConnection, waits_for_a_confirmation_as_long_as_something_comes) {
  connection->send({"SUBSCRIBE", "a"}, answers.note(), now, Milliseconds(1));
  for (int i = 0; i < 10; ++i) {
    pass(seconds(3));
    say("*3\r\n$7\r\nmessage\r\n$1\r\nb\r\n$1\r\nx\r\n");
  }
  EXPECT_EQ(answers.take(), Texts{});
  say("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
  EXPECT_EQ(answers.take(), Texts{"[subscribe a 1]"});
}

TEST_F(SubscriberConnection, lives_while_it_hears_something) {
  send({"SUBSCRIBE", "a"});
  say("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
  for (int i = 0; i < 10; ++i) {
    pass(seconds(3));
    say("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n");
  }
  EXPECT_FALSE(connection->ended());
  EXPECT_EQ(heard.size(), 10u);
}

}  // namespace
}  // namespace signalbox::redis
