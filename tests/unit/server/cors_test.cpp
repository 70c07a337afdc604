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

TEST(RefusedOriginsTest, are_told_without_a_line_where_that_would_stop_the_start_or_let_others_in) {
  RefusedOrigins refused("https://a.io");
  for (const char* origin :
       {"null", "file://", "https://b.io/path", "https://b.io,*", "https://b.io,https://c.io", "*", "https://*.io"}) {
    EXPECT_EQ(refused.line_to_add(origin), "") << origin;
    EXPECT_EQ(refused.line_to_add(origin), std::nullopt) << origin;
  }
}

TEST(RefusedOriginsTest, are_told_once_each_with_the_line_to_add) {
  RefusedOrigins none(""), some("https://a.io");
  EXPECT_EQ(none.line_to_add("https://b.io"), "CORS_ORIGIN=https://b.io");
  EXPECT_EQ(none.line_to_add("https://b.io"), std::nullopt);
  EXPECT_EQ(some.line_to_add("https://b.io"), "CORS_ORIGIN=https://a.io,https://b.io");
  EXPECT_EQ(some.line_to_add(std::string(257, 'x')), std::nullopt);
  for (int i = 0; i < 200; ++i) static_cast<void>(some.line_to_add("https://" + std::to_string(i)));
  EXPECT_EQ(some.line_to_add("https://one-too-many.io"), std::nullopt)
      << "a stranger must not fill the memory or the log";
}

}  // namespace
}  // namespace signalbox::server
