#include <gtest/gtest.h>

#include <stdexcept>

#include "doctor/public_address.hpp"
#include "doctor/url.hpp"
#include "reactor/public_address.hpp"

namespace app::doctor {
namespace {

TEST(PublicAddress, is_none_of_this_machine_and_of_networks_of_ones_own) {
  for (const char* address :
       {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.1.1", "100.64.0.1", "0.0.0.0",
        "::1", "::", "fe80::1%eth0", "fd12::1", "::ffff:10.0.0.1", "", "x"})
    EXPECT_FALSE(is_public_address(address)) << address;
  for (const char* address :
       {"1.1.1.1", "172.32.0.1", "172.15.0.1", "192.169.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1"})
    EXPECT_TRUE(is_public_address(address)) << address;
}

TEST(PublicAddress, is_what_the_server_takes_for_one) {
  for (const char* address :
       {"0.255.255.255",   "1.0.0.0",         "9.255.255.255",   "10.255.255.255",  "11.0.0.0",
        "100.63.255.255",  "100.64.0.0",      "100.127.255.255", "126.255.255.255", "127.255.255.255",
        "128.0.0.0",       "169.253.255.255", "169.254.255.255", "169.255.0.0",     "172.15.255.255",
        "172.31.255.255",  "172.32.0.0",      "191.255.255.255", "192.0.0.255",     "192.0.1.0",
        "192.0.2.255",     "192.0.3.0",       "192.167.255.255", "192.168.255.255", "192.169.0.0",
        "198.17.255.255",  "198.18.0.0",      "198.19.255.255",  "198.20.0.0",      "198.51.99.255",
        "198.51.100.255",  "198.51.101.0",    "203.0.112.255",   "203.0.113.255",   "203.0.114.0",
        "223.255.255.255", "224.0.0.0",       "255.255.255.255", "1fff::",          "2001:db7::",
        "2001:db8::",      "2001:db9::",      "3fff::",          "4000::",          "fd12::1",
        "fe80::1",         "ff02::1",         "::ffff:192.0.2.1"})
    EXPECT_EQ(is_public_address(address), signalbox::reactor::is_public(signalbox::reactor::peer_address(address)))
        << address;
}

TEST(Url, says_where_to_ask) {
  const auto text = [](std::string_view url) {
    const Address address = parse_url(url, "/socket.io/");
    return text_of(address.place) + (address.place.tls ? " tls " : " ") + address.path;
  };
  EXPECT_EQ(text("https://app.example.com"), "app.example.com:443 tls /socket.io/");
  EXPECT_EQ(text("http://localhost:3000/"), "localhost:3000 /socket.io/");
  EXPECT_EQ(text("https://a.example/live/socket.io"), "a.example:443 tls /live/socket.io/");
  EXPECT_EQ(text("wss://[::1]:8443/x/"), "[::1]:8443 tls /x/");
}

TEST(Origin, is_a_page_without_its_path) {
  EXPECT_EQ(origin_of_page("https://app.example.com/jobs/7"), "https://app.example.com");
  EXPECT_EQ(origin_of_page("http://localhost:5173/"), "http://localhost:5173");
  EXPECT_EQ(origin_of_page("https://App.example.com:443?x"), "https://app.example.com");
  EXPECT_EQ(origin_of_page("http://[::1]:80/"), "http://[::1]");
  EXPECT_EQ(origin_of_page("capacitor://localhost"), "capacitor://localhost");
  EXPECT_EQ(origin_of_page(""), "");
  for (const char* page : {"app.example.com", "https://", "https://a\r\nX: y"})
    EXPECT_THROW(static_cast<void>(origin_of_page(page)), std::invalid_argument) << page;
}

TEST(LocalName, is_what_browsers_take_as_safe_without_tls) {
  for (const char* host : {"localhost", "app.localhost", "127.0.0.1", "127.1.2.3", "::1"})
    EXPECT_TRUE(is_local_name(host)) << host;
  for (const char* host : {"localhost.example.com", "10.0.0.1", "notlocalhost", "::2"})
    EXPECT_FALSE(is_local_name(host)) << host;
}

TEST(Url, that_names_no_server_is_refused) {
  for (const char* url :
       {"", "app.example.com", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:b", "http://a:70000",
        "http://[::1", "http://a b", "http://a/?x", "http://u@a", "http://a\r\nX: y"})
    EXPECT_THROW(static_cast<void>(parse_url(url, "/socket.io/")), std::invalid_argument) << url;
}

}  // namespace
}  // namespace app::doctor
