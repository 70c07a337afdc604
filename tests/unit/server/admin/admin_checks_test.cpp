#include "server/admin/admin_checks.hpp"

#include <gtest/gtest.h>

namespace signalbox::server::admin {
namespace {

using Values = std::vector<std::string_view>;
using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

net::RequestHead head(Fields fields) {
  net::RequestHead out;
  out.fields = std::move(fields);
  return out;
}

TEST(AdminChecks, know_loopback_by_name_and_by_address_with_or_without_a_port) {
  for (const char* host : {"localhost", "LocalHost:3090", "a.localhost:1", "127.0.0.1", "127.0.0.1:3090", "127.9.8.7",
                           "[::1]", "[::1]:3090", "::1", "a-b_c.localhost"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host :
       {"", "example.com", "localhost.example.com", "127.0.0.1.example.com", "127.example.com.1", "notlocalhost",
        "0.0.0.0", "10.0.0.1:3090", "[::2]", "128.0.0.1", "localhost:x", "127.0.0.", "127.0.0.1:3090:1",
        "evil.example#.localhost", "evil.example/.localhost:1", "evil@.localhost"})
    EXPECT_FALSE(is_loopback(host)) << host;
}

TEST(AdminChecks, want_one_host_which_is_loopback) {
  EXPECT_TRUE(host_is_loopback(head({{"Host", "localhost:3090"}})));
  EXPECT_FALSE(host_is_loopback(head({{"Host", "rebound.example.com:3090"}})));
  EXPECT_FALSE(host_is_loopback(head({})));
  EXPECT_FALSE(host_is_loopback(head({{"Host", "localhost"}, {"host", "localhost"}})));
}

TEST(AdminChecks, take_requests_of_the_page_itself_and_of_programs) {
  EXPECT_FALSE(is_cross_site(head({{"Host", "localhost:3090"}}))) << "curl";
  EXPECT_FALSE(is_cross_site(head({{"Host", "localhost:3090"}, {"Origin", "http://localhost:3090"}})));
  EXPECT_FALSE(is_cross_site(head({{"Host", "admin.example.com"}, {"Origin", "https://admin.example.com"}})))
      << "TLS was taken off by a proxy";
  EXPECT_FALSE(is_cross_site(head({{"Sec-Fetch-Site", "none"}}))) << "an address that somebody typed";
  EXPECT_FALSE(is_cross_site(
      head({{"Host", "localhost:3090"}, {"Origin", "https://admin.example.com"}, {"Sec-Fetch-Site", "same-origin"}})))
      << "the browser is sure, and a proxy has changed Host";
}

TEST(AdminChecks, refuse_requests_of_pages_of_others) {
  EXPECT_TRUE(is_cross_site(head({{"Host", "localhost:3090"}, {"Origin", "http://localhost:3000"}})));
  EXPECT_TRUE(is_cross_site(head({{"Host", "localhost:3090"}, {"Origin", "null"}})));
  EXPECT_TRUE(is_cross_site(head({{"Origin", "http://localhost:3090"}}))) << "without a Host";
  EXPECT_TRUE(is_cross_site(head({{"Host", "a.b"}, {"Origin", "http://a.b"}, {"Origin", "http://c.d"}})));
  for (const char* site : {"cross-site", "same-site", "", "Same-Origin"})
    EXPECT_TRUE(is_cross_site(head({{"Host", "a.b"}, {"Origin", "http://a.b"}, {"Sec-Fetch-Site", site}}))) << site;
  EXPECT_TRUE(is_cross_site(head({{"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Site", "cross-site"}})));
}

TEST(AdminChecks, find_the_cookie_among_others) {
  const auto found = [](Fields fields) { return cookies(head(std::move(fields)), "signalbox_admin"); };
  EXPECT_EQ(found({{"Cookie", "signalbox_admin=abc"}}), Values{"abc"});
  EXPECT_EQ(found({{"cookie", "a=1; signalbox_admin=abc; b=2"}}), Values{"abc"});
  EXPECT_EQ(found({{"Cookie", "a=1"}, {"Cookie", "signalbox_admin=abc"}}), Values{"abc"});
  EXPECT_EQ(found({{"Cookie", "xsignalbox_admin=abc; signalbox_admin_3090=d; signalbox_admin"}}), Values{});
  EXPECT_EQ(found({{"Cookie", "signalbox_admin=of others; signalbox_admin=abc"}}), (Values{"of others", "abc"}));
  EXPECT_EQ(found({}), Values{});
}

TEST(AdminChecks, name_the_cookie_by_the_port_which_cookies_do_not_tell_apart) {
  EXPECT_EQ(cookie_name(head({{"Host", "localhost:3090"}})), "signalbox_admin_3090");
  EXPECT_EQ(cookie_name(head({{"Host", "[::1]:3091"}})), "signalbox_admin_3091");
  EXPECT_EQ(cookie_name(head({{"Host", "[::1]"}})), "signalbox_admin");
  EXPECT_EQ(cookie_name(head({{"Host", "admin.example.com"}})), "signalbox_admin");
  EXPECT_EQ(cookie_name(head({{"Host", "a:b; Domain=c"}})), "signalbox_admin");
}

TEST(AdminChecks, set_a_secure_cookie_where_the_first_proxy_has_heard_tls) {
  const auto secure = [](std::string_view protocols) {
    return set_cookie(head({{"Host", "a.b"}, {"X-Forwarded-Proto", protocols}}), "abc").ends_with("; Secure");
  };
  EXPECT_TRUE(secure("HTTPS, http"));
  EXPECT_FALSE(secure("http, https"));
}

TEST(AdminChecks, set_a_cookie_that_no_script_reads_and_no_other_site_sends) {
  EXPECT_EQ(set_cookie(head({{"Host", "localhost"}}), "abc"), "signalbox_admin=abc; Path=/; HttpOnly; SameSite=Strict");
  EXPECT_EQ(set_cookie(head({{"Host", "a.b"}, {"X-Forwarded-Proto", "https"}}), "abc"),
            "signalbox_admin=abc; Path=/; HttpOnly; SameSite=Strict; Secure");
  EXPECT_EQ(set_cookie(head({{"Host", "localhost"}}), ""),
            "signalbox_admin=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
}

}  // namespace
}  // namespace signalbox::server::admin
