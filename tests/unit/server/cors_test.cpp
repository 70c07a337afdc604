#include "server/cors.hpp"

#include <gtest/gtest.h>

#include <signalbox/config.hpp>

namespace signalbox::server {
namespace {

using Fields = OriginPolicy::Fields;

net::RequestHead head(std::vector<std::pair<std::string_view, std::string_view>> fields) {
  net::RequestHead out;
  out.fields = std::move(fields);
  return out;
}

TEST(Origins, are_listed_by_scheme_host_and_port) {
  const OriginPolicy policy("https://example.com, http://localhost:5173,https://*.example.org,http://[::1]:80");
  for (const char* origin :
       {"https://example.com", "https://EXAMPLE.com", "https://example.com:443", "http://localhost:5173",
        "https://a.example.org", "https://a.b.example.org", "http://[::1]"}) {
    EXPECT_TRUE(policy.lists(origin)) << origin;
  }
  for (const char* origin :
       {"http://example.com", "https://example.com:8443", "https://evilexample.com", "https://example.com.evil.io",
        "https://example.org", "https://evilexample.org", "https://.example.org", "https://a/.example.org",
        "http://localhost", "null", "", "https://example.com/", "*"}) {
    EXPECT_FALSE(policy.lists(origin)) << origin;
  }
}

TEST(Origins, that_no_browser_sends_stop_the_start_with_the_right_form) {
  const std::pair<const char*, const char*> cases[] = {{"example.com", "https://example.com"},
                                                       {"https://example.com/app", "write https://example.com"},
                                                       {"https://", "https://*.example.com"},
                                                       {"https://a,,https://b", "between two commas"}};
  for (const auto& [list, right] : cases) {
    try {
      OriginPolicy policy(list);
      ADD_FAILURE() << list;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find(right), std::string::npos) << error.what();
    }
  }
}

// Source: the cors package, as Socket.IO uses it.
TEST(CorsFields, echo_a_listed_origin_and_vary_for_all) {
  const OriginPolicy policy("https://example.com");
  Fields out;
  policy.add_fields(head({{"origin", "https://example.com"}}), out);
  EXPECT_EQ(out, (Fields{{"Vary", "Origin"},
                         {"Access-Control-Allow-Origin", "https://example.com"},
                         {"Access-Control-Allow-Credentials", "true"}}));
  for (const auto& refused : {head({{"Origin", "https://evil.io"}}), head({}),
                              head({{"Origin", "https://example.com"}, {"Origin", "https://example.com"}})}) {
    out.clear();
    policy.add_fields(refused, out);
    EXPECT_EQ(out, (Fields{{"Vary", "Origin"}}));
  }
}

TEST(CorsFields, of_a_star_go_to_all_without_credentials_and_of_nothing_are_none) {
  Fields out;
  OriginPolicy("*").add_fields(head({{"Origin", "null"}}), out);
  EXPECT_EQ(out, (Fields{{"Access-Control-Allow-Origin", "*"}}));
  out.clear();
  OriginPolicy("").add_fields(head({{"Origin", "https://example.com"}}), out);
  EXPECT_EQ(out, Fields{});
}

TEST(WebSocketOrigins, are_none_the_own_host_or_a_listed_one) {
  const OriginPolicy policy("https://app.example.com");
  EXPECT_TRUE(policy.allows_websocket(head({{"Host", "x"}})));
  EXPECT_TRUE(policy.allows_websocket(head({{"Host", "Example.com:8080"}, {"Origin", "http://example.com:8080"}})));
  EXPECT_TRUE(policy.allows_websocket(head({{"Host", "example.com"}, {"Origin", "https://example.com"}})))
      << "a proxy took TLS off";
  EXPECT_TRUE(policy.allows_websocket(head({{"Host", "example.com:80"}, {"Origin", "http://example.com"}})));
  EXPECT_TRUE(policy.allows_websocket(head({{"Host", "x"}, {"Origin", "https://app.example.com"}})));

  EXPECT_FALSE(policy.allows_websocket(head({{"Host", "example.com"}, {"Origin", "https://evil.io"}})));
  EXPECT_FALSE(policy.allows_websocket(head({{"Host", "example.com"}, {"Origin", "http://example.com:81"}})));
  EXPECT_FALSE(policy.allows_websocket(head({{"Host", "null"}, {"Origin", "null"}})));
  EXPECT_FALSE(policy.allows_websocket(head({{"Host", "a"}, {"Host", "b"}, {"Origin", "http://a"}})));
  EXPECT_FALSE(policy.allows_websocket(head({{"Host", "a"}, {"Origin", "http://a"}, {"Origin", "http://a"}})));
  EXPECT_FALSE(policy.allows_websocket(head({{"Host", "a"}, {"Origin", ""}})));
}

using std::chrono::minutes;
using std::chrono::seconds;
const TimePoint kNoon{std::chrono::hours(1)};
using List = std::vector<std::string>;

std::string many(int i) {
  return "https://" + std::to_string(i) + ".io";
}

TEST(RefusedOrigins, the_first_is_told_at_once_with_the_line_to_add) {
  RefusedOrigins none(""), some("https://a.io");
  const auto first = none.refuse("https://b.io", kNoon);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->origins, List{"https://b.io"});
  EXPECT_EQ(first->line, "CORS_ORIGIN=https://b.io");
  EXPECT_EQ(first->others, 0u);
  EXPECT_EQ(some.refuse("https://b.io", kNoon)->line, "CORS_ORIGIN=https://a.io,https://b.io");
}

TEST(RefusedOrigins, are_told_once_each) {
  RefusedOrigins refused("");
  ASSERT_TRUE(refused.refuse("https://b.io", kNoon));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(refused.refuse("https://b.io", kNoon + minutes(i)));
  EXPECT_EQ(refused.next_deadline(), kNever);
  EXPECT_FALSE(refused.due(kNoon + minutes(20)));
}

TEST(RefusedOrigins, that_follow_within_the_minute_are_told_together_when_it_is_over) {
  RefusedOrigins refused("");
  ASSERT_TRUE(refused.refuse("https://a.io", kNoon));
  EXPECT_FALSE(refused.refuse("https://c.io", kNoon + seconds(1)));
  EXPECT_FALSE(refused.refuse("https://b.io", kNoon + seconds(2)));
  EXPECT_FALSE(refused.refuse("https://c.io", kNoon + seconds(3)));
  EXPECT_EQ(refused.next_deadline(), kNoon + minutes(1));
  EXPECT_FALSE(refused.due(kNoon + seconds(59)));
  const auto rest = refused.due(kNoon + minutes(1));
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->origins, (List{"https://c.io", "https://b.io"}));
  EXPECT_EQ(rest->line, "") << "who copies it must not let in a stranger's origin with his own";
  EXPECT_EQ(rest->others, 0u);
  EXPECT_EQ(refused.next_deadline(), kNever);
}

TEST(RefusedOrigins, that_somebody_invents_never_silence_the_hint) {
  RefusedOrigins refused("");
  int n = 0;
  TimePoint now = kNoon;
  ASSERT_TRUE(refused.refuse(many(n++), now));
  for (int minute = 0; minute < 100; ++minute) {
    for (int i = 0; i < 1000; ++i) ASSERT_FALSE(refused.refuse(many(n++), now + seconds(1)));
    now += minutes(1);
    const auto told = refused.due(now);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->origins.size(), 10u);
    EXPECT_EQ(told->others, 990u);
  }
  const auto honest = refused.refuse("https://mine.io", now + minutes(1));
  ASSERT_TRUE(honest);
  EXPECT_EQ(honest->line, "CORS_ORIGIN=https://mine.io");
}

TEST(RefusedOrigins, of_which_no_entry_can_be_made_are_told_without_a_line) {
  for (const char* origin : {"null", "file://", "https://b.io/path", "*", "https://*.io"}) {
    RefusedOrigins refused("https://a.io");
    const auto told = refused.refuse(origin, kNoon);
    ASSERT_TRUE(told) << origin;
    EXPECT_EQ(told->origins, List{origin});
    EXPECT_EQ(told->line, "") << origin;
  }
}

TEST(RefusedOrigins, that_no_browser_sends_are_only_counted) {
  RefusedOrigins refused("");
  std::size_t count = 0;
  for (const std::string& origin :
       {std::string(257, 'x'), std::string(8000, 'x'), std::string("https://b.io,*"), std::string("https://b.io x=1"),
        std::string("https://b.io\x1b[2J"), std::string("https://b.io\n2026 error"), std::string("https://\xff.io"),
        std::string("https://b.io\0", 13)}) {
    static_cast<void>(refused.refuse(origin, kNoon));
    ++count;
  }
  const auto told = refused.due(kNoon + minutes(1));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->origins, List{});
  EXPECT_EQ(told->others, count - 1) << "the first was told at once";
}

}  // namespace
}  // namespace signalbox::server
