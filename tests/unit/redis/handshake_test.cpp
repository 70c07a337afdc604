#include "unit/redis/scripted_redis.hpp"

namespace signalbox::redis {
namespace {

using test::seconds;

struct HandshakeTest : test::ConnectionTest {
  void begin_as(Identity identity) { begin({.identity = std::move(identity)}); }
};

TEST_F(HandshakeTest, selects_a_database_and_gives_its_name) {
  begin_as({.database = 3, .name = "signalbox:a1"});
  expect_sent({{"SELECT", "3"}});
  say("+OK\r\n");
  expect_sent({{"CLIENT", "SETNAME", "signalbox:a1"}});
  EXPECT_EQ(ready, 0);
  say("+OK\r\n");
  EXPECT_EQ(ready, 1);
  expect_sent({});
}

TEST_F(HandshakeTest, asks_of_a_sentinel_only_whether_it_is_there) {
  begin_as({.database = std::nullopt});
  expect_sent({{"PING"}});
  say("+PONG\r\n");
  EXPECT_EQ(ready, 1);
}

TEST_F(HandshakeTest, shows_the_password_first) {
  begin_as({.user = "ada", .password = "secret"});
  expect_sent({{"HELLO", "2", "AUTH", "ada", "secret"}});
  say("*0\r\n");
  expect_sent({{"SELECT", "0"}});
  say("+OK\r\n");
  EXPECT_EQ(ready, 1);
}

TEST_F(HandshakeTest, is_the_default_user_where_none_is_named) {
  begin_as({.password = "secret"});
  expect_sent({{"HELLO", "2", "AUTH", "default", "secret"}});
}

TEST_F(HandshakeTest, uses_auth_where_redis_is_too_old_for_hello) {
  begin_as({.password = "secret"});
  connection->wrote(connection->unwritten().size());
  say("-ERR unknown command `HELLO`, with args beginning with: `2`, `AUTH`, `default`, `secret`, \r\n");
  expect_sent({{"AUTH", "secret"}});
  say("+OK\r\n");
  expect_sent({{"SELECT", "0"}});
  begin_as({.user = "ada", .password = "secret"});
  connection->wrote(connection->unwritten().size());
  say("-ERR unknown command 'HELLO'\r\n");
  expect_sent({{"AUTH", "ada", "secret"}});
  say("-ERR invalid password\r\n");
  EXPECT_TRUE(end_text().contains("the password in REDIS_URL is wrong"));
}

TEST_F(HandshakeTest, ends_with_the_reason_where_redis_refuses_it) {
  for (const char* said : {"NOAUTH Authentication required.", "LOADING Redis is loading the dataset in memory",
                           "ERR DB index is out of range", "NOPERM this user has no permissions to run 'select'",
                           "ERR max number of clients reached", "DENIED Redis is running in protected mode"}) {
    begin_as({});
    say("-" + std::string(said) + "\r\n");
    EXPECT_TRUE(end_text().starts_with(said)) << end_text();
    EXPECT_EQ(connection->ended()->kind, Error::Kind::refused);
  }
  begin_as({.user = "ada", .password = "secret"});
  say("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
  EXPECT_TRUE(end_text().contains("the user or the password in REDIS_URL is wrong"));
  EXPECT_EQ(ready, 0);
}

TEST_F(HandshakeTest, does_without_a_name_that_redis_does_not_take) {
  begin_as({.name = "a b"});
  say("+OK\r\n-ERR Client names cannot contain spaces, newlines or special characters.\r\n");
  EXPECT_EQ(ready, 1);
  begin_as({.name = "a"});
  say("+OK\r\n-NOPERM this user has no permissions to run the 'client|setname' command\r\n");
  EXPECT_EQ(ready, 2);
  begin_as({.name = "a"});
  say("+OK\r\n-NOAUTH Authentication required.\r\n");
  EXPECT_EQ(ready, 2) << "that is about more than the name";
}

TEST_F(HandshakeTest, ends_where_no_answer_comes) {
  begin_as({});
  pass(seconds(5) - Milliseconds(1));
  EXPECT_FALSE(connection->ended());
  EXPECT_EQ(connection->next_deadline(), now + Milliseconds(1));
  pass(Milliseconds(1));
  EXPECT_EQ(end_text(), "Redis does not answer: nothing came for 5000 ms");
  EXPECT_EQ(connection->next_deadline(), kNever);
}

}  // namespace
}  // namespace signalbox::redis
