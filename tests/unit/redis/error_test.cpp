#include "redis/error.hpp"

#include <gtest/gtest.h>

namespace signalbox::redis {
namespace {

TEST(RedisError, of_a_refusal_has_its_code_and_the_remedy) {
  const Error error = refusal("NOAUTH Authentication required.");
  EXPECT_EQ(error.kind, Error::Kind::refused);
  EXPECT_EQ(error.code, "NOAUTH");
  EXPECT_TRUE(
      error.text.starts_with("NOAUTH Authentication required.: Redis wants a password: write it into REDIS_URL"));
  for (const char* said :
       {"WRONGPASS invalid username-password pair or user is disabled.", "ERR invalid password",
        "ERR AUTH <password> called without any password configured for the default user.",
        "NOPERM this user has no permissions to run the 'select' command",
        "DENIED Redis is running in protected mode because…", "LOADING Redis is loading the dataset",
        "READONLY You can't write against a read only replica.", "MASTERDOWN Link with MASTER is down",
        "OOM command not allowed when used memory > 'maxmemory'.", "MISCONF Redis is configured to…",
        "ERR max number of clients reached", "ERR DB index is out of range"})
    EXPECT_GT(refusal(said).text.size(), std::string_view(said).size() + 20) << said;
}

TEST(RedisError, of_any_other_refusal_is_as_redis_said_it) {
  EXPECT_EQ(refusal("WRONGTYPE Operation against a key").text, "WRONGTYPE Operation against a key");
  EXPECT_EQ(refusal("WRONGTYPE Operation against a key").code, "WRONGTYPE");
  EXPECT_EQ(refusal("odd").code, "odd");
  EXPECT_EQ(refusal("").code, "");
}

TEST(RedisError, does_not_repeat_the_password_to_whoever_reads_the_log) {
  const Error error = refusal("ERR unknown command 'AUTH', with args beginning with: 'ada' 'secret' ");
  EXPECT_EQ(error.text, "ERR unknown command 'AUTH'");
}

TEST(RedisError, says_when_another_connection_is_wanted) {
  for (const char* said : {"READONLY x", "LOADING x", "MASTERDOWN x", "NOAUTH x"})
    EXPECT_TRUE(ends_connection(refusal(said))) << said;
  for (const char* said : {"ERR x", "NOPERM x", "OOM x", "WRONGTYPE x", "NOSCRIPT x"})
    EXPECT_FALSE(ends_connection(refusal(said))) << said;
}

}  // namespace
}  // namespace signalbox::redis
