#include "server/admin/admin_sessions.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signalbox::server::admin {
namespace {

using namespace std::chrono_literals;

struct Sessions : testing::Test {
  std::string login(std::string_view from = "192.0.2.1") {
    return sessions.login("the key", reactor::peer_address(from), now).value_or("");
  }
  /// How long until a key is looked at again, after a login with a wrong one.
  Milliseconds wrong(std::string_view from = "192.0.2.1") {
    return sessions.login("a guess", reactor::peer_address(from), now).error().wait;
  }

  AdminSessions sessions{"the key"};
  TimePoint now{std::chrono::hours(1)};
};

TEST_F(Sessions, are_begun_with_the_key_alone) {
  const std::string token = login();
  EXPECT_TRUE(sessions.knows(token, now));
  for (const char* wrong : {"", "the ke", "the key ", "THE KEY"}) EXPECT_FALSE(sessions.login(wrong, {}, now)) << wrong;
  for (const std::string& other : {std::string(), token + "x", token.substr(1), std::string("the key")})
    EXPECT_FALSE(sessions.knows(other, now)) << other;
}

TEST_F(Sessions, have_tokens_of_256_bits_that_differ) {
  const std::string one = login(), two = login();
  EXPECT_NE(one, two);
  EXPECT_EQ(one.size(), 43U) << "32 bytes as base64url";
}

TEST_F(Sessions, end_with_a_logout_which_leaves_the_others) {
  const std::string one = login(), two = login();
  sessions.logout(one);
  sessions.logout("nobody's");
  EXPECT_FALSE(sessions.knows(one, now));
  EXPECT_TRUE(sessions.knows(two, now));
}

TEST_F(Sessions, end_after_twelve_hours_however_much_they_are_used) {
  const std::string token = login();
  for (const TimePoint end = now + 12h; now < end; now += 1h) EXPECT_TRUE(sessions.knows(token, now));
  EXPECT_FALSE(sessions.knows(token, now));
}

TEST_F(Sessions, are_sixteen_at_most_and_the_oldest_goes) {
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i <= AdminSessions::kMost; ++i) tokens.push_back(login());
  EXPECT_FALSE(sessions.knows(tokens.front(), now));
  for (std::size_t i = 1; i < tokens.size(); ++i) EXPECT_TRUE(sessions.knows(tokens[i], now)) << i;
}

TEST_F(Sessions, are_refused_to_an_address_for_a_while_after_ten_wrong_keys_in_a_minute) {
  const std::string before = login();
  for (std::size_t i = 0; i < AdminSessions::kWrongKeys; ++i, now += 1s) EXPECT_EQ(wrong(), 0ms) << i;
  EXPECT_EQ(wrong(), 50s);
  EXPECT_EQ(login(), "") << "else the eleventh guess might be right";
  EXPECT_TRUE(sessions.knows(before, now)) << "who is logged in stays so";
  now += 50s;
  EXPECT_NE(login(), "");
  EXPECT_EQ(wrong(), 0ms) << "one a second, as they go out of the minute";
  EXPECT_NE(wrong(), 0ms);
}

TEST_F(Sessions, are_not_refused_for_the_mistakes_of_another_address) {
  for (std::size_t i = 0; i < AdminSessions::kWrongKeys; ++i) EXPECT_EQ(wrong("192.0.2.66"), 0ms) << i;
  EXPECT_NE(wrong("192.0.2.66"), 0ms);
  EXPECT_NE(login("192.0.2.1"), "");
  EXPECT_NE(login("192.0.2.67"), "");
}

TEST_F(Sessions, count_the_wrong_keys_of_a_network_of_IPv6_together) {
  for (std::size_t i = 0; i < AdminSessions::kWrongKeys; ++i) EXPECT_EQ(wrong("2001:db8::" + std::to_string(i)), 0ms);
  EXPECT_NE(wrong("2001:db8::abcd"), 0ms);
  EXPECT_NE(login("2001:db8:0:1::1"), "");
}

TEST_F(Sessions, are_for_the_right_key_however_many_addresses_guess) {
  for (std::size_t i = 0; i < 2 * AdminSessions::kWrongKeysKept; ++i)
    EXPECT_EQ(wrong("10.0." + std::to_string(i / 256) + '.' + std::to_string(i % 256)), 0ms);
  EXPECT_NE(login(), "");
}

}  // namespace
}  // namespace signalbox::server::admin
