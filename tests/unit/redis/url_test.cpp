#include "redis/url.hpp"

#include <gtest/gtest.h>

namespace signalbox::redis {
namespace {

Url parsed(std::string_view text) {
  const auto url = parse_url(text);
  EXPECT_TRUE(url) << text << ": " << url.error();
  return url.value_or(Url{});
}
std::string url_error(std::string_view text) {
  const auto url = parse_url(text);
  EXPECT_FALSE(url) << text;
  return url ? "" : url.error();
}

TEST(RedisUrl, names_a_host_and_has_defaults_for_all_that_it_does_not_say) {
  const Url url = parsed("redis://");
  EXPECT_EQ(url.hosts, (std::vector<Host>{{.name = "localhost", .port = 6379}}));
  EXPECT_FALSE(url.tls);
  EXPECT_EQ(url.user + url.password + url.primary, "");
  EXPECT_EQ(url.database, 0u);
  EXPECT_EQ(parsed("redis://Redis.example").hosts, (std::vector<Host>{{.name = "redis.example", .port = 6379}}));
  EXPECT_EQ(parsed("redis://:7000").hosts, (std::vector<Host>{{.name = "localhost", .port = 7000}}));
  EXPECT_EQ(parsed(" redis://10.0.0.1:7000/ ").hosts, (std::vector<Host>{{.name = "10.0.0.1", .port = 7000}}));
  EXPECT_EQ(parsed("REDIS://a/15").database, 15u);
  EXPECT_TRUE(parsed("rediss://a").tls);
}

TEST(RedisUrl, takes_ipv6_in_brackets) {
  EXPECT_EQ(parsed("redis://[::1]").hosts, (std::vector<Host>{{.name = "::1", .port = 6379}}));
  EXPECT_EQ(parsed("redis://[2001:DB8::1]:7000").hosts, (std::vector<Host>{{.name = "2001:db8::1", .port = 7000}}));
}

TEST(RedisUrl, says_who_we_are_percent_encoded) {
  const Url url = parsed("redis://ada:p%40ss%2F%25+@host/2");
  EXPECT_EQ(url.user, "ada");
  EXPECT_EQ(url.password, "p@ss/%+");
  EXPECT_EQ(url.hosts[0].name, "host");
  EXPECT_EQ(parsed("redis://:secret@host").password, "secret");
  EXPECT_EQ(parsed("redis://:secret@host").user, "");
  EXPECT_EQ(parsed("redis://ada:p@ss?#@host").password, "p@ss?#") << "as long as it can be told apart";
}

TEST(RedisUrl, names_a_unix_socket) {
  EXPECT_EQ(parsed("unix:///run/redis.sock").hosts, (std::vector<Host>{{.path = "/run/redis.sock"}}));
  const Url url = parsed("unix://ada:secret@/run/my%20redis.sock?db=3");
  EXPECT_EQ(url.hosts[0].path, "/run/my redis.sock");
  EXPECT_EQ(url.user, "ada");
  EXPECT_EQ(url.password, "secret");
  EXPECT_EQ(url.database, 3u);
}

TEST(RedisUrl, names_sentinels_and_the_primary_that_they_know) {
  const Url url = parsed("redis+sentinel://:secret@a:1,[::2]:3,c/mymaster/2");
  EXPECT_EQ(url.hosts,
            (std::vector<Host>{{.name = "a", .port = 1}, {.name = "::2", .port = 3}, {.name = "c", .port = 26379}}));
  EXPECT_EQ(url.primary, "mymaster");
  EXPECT_EQ(url.database, 2u);
  EXPECT_EQ(url.password, "secret");
  EXPECT_FALSE(url.tls);
  EXPECT_TRUE(parsed("rediss+sentinel://a/mymaster").tls);
  EXPECT_EQ(parsed("redis+sentinel:///mymaster").hosts, (std::vector<Host>{{.name = "localhost", .port = 26379}}));
}

TEST(RedisUrl, is_shown_without_its_password) {
  for (const char* same :
       {"redis://localhost:6379", "rediss://[::1]:6379/2", "unix:///run/redis.sock", "unix:///run/redis.sock?db=2",
        "redis+sentinel://a:1,b:26379/mymaster/1", "rediss+sentinel://a:26379/mymaster"})
    EXPECT_EQ(to_text(parsed(same)), same);
  EXPECT_EQ(to_text(parsed("redis://ada:secret@host")), "redis://ada@host:6379");
  EXPECT_EQ(to_text(parsed("redis://:secret@host")), "redis://host:6379");
}

TEST(RedisUrl, is_refused_with_what_is_wrong_and_what_would_be_right) {
  EXPECT_TRUE(url_error("localhost:6379").contains("write redis://host:6379, rediss://host:6379 (TLS), unix://"));
  EXPECT_TRUE(url_error("").contains("schemes"));
  EXPECT_TRUE(url_error("http://a").contains("schemes"));
  EXPECT_TRUE(url_error("redis://a:0").contains("port from 1 to 65535"));
  EXPECT_TRUE(url_error("redis://a:65536").contains("port from 1 to 65535"));
  EXPECT_TRUE(url_error("redis://a:").contains("port"));
  EXPECT_TRUE(url_error("redis://::1").contains("in brackets"));
  EXPECT_TRUE(url_error("redis://[1").contains("no IPv6 address"));
  EXPECT_TRUE(url_error("redis://[name]").contains("no IPv6 address"));
  EXPECT_TRUE(url_error("redis://[::1]6379").contains("other than :port"));
  EXPECT_TRUE(url_error("redis://a b").contains("'a b' is no host"));
  EXPECT_TRUE(url_error("redis://a,b").contains("with Sentinel redis+sentinel://"));
  EXPECT_TRUE(url_error("redis://a/one").contains("redis://host:6379/0"));
  EXPECT_TRUE(url_error("redis://ada@a").contains("user:password@"));
  EXPECT_TRUE(url_error("redis://ada:@a").contains("user:password@"));
  EXPECT_TRUE(url_error("redis+sentinel://a").contains("/mymaster"));
  EXPECT_TRUE(url_error("redis+sentinel://a,/mymaster/x").contains("no number"));
  EXPECT_TRUE(url_error("unix://run/redis.sock").contains("begins with '/'"));
  EXPECT_TRUE(url_error("unix://").contains("begins with '/'"));
  EXPECT_TRUE(url_error("unix:///run/redis.sock?x=1").contains("?db="));
  EXPECT_TRUE(url_error("unix:///" + std::string(107, 'x')).contains("107 bytes"));
}

TEST(RedisUrl, is_refused_without_a_word_of_its_password) {
  for (const char* text :
       {"redis://:se/cret@host", "redis://ada:cret%zz@host", "redis://:cret", "redis://ada:cret", "redis://cret@host",
        "redis://ada:cret@host:cret", "redis://:se/c?ret#cret@host", "unix://ada:cret/run/x", "rediss://a,:cret@b,c:x",
        "foo://:cret@host", "redis://:cret@[::1", "redis+sentinel://:cret@a"})
    EXPECT_FALSE(url_error(text).contains("cret")) << url_error(text);
}

}  // namespace
}  // namespace signalbox::redis
