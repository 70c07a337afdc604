#include <gtest/gtest.h>

#include <stdexcept>

#include "doctor/public_address.hpp"
#include "doctor/url.hpp"

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
  EXPECT_EQ(origin_of("https://app.example.com/jobs/7"), "https://app.example.com");
  EXPECT_EQ(origin_of("http://localhost:5173/"), "http://localhost:5173");
  EXPECT_EQ(origin_of("https://app.example.com"), "https://app.example.com");
  EXPECT_EQ(origin_of(""), "");
}

TEST(Url, that_names_no_server_is_refused) {
  for (const char* url :
       {"", "app.example.com", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:b", "http://a:70000",
        "http://[::1", "http://a b", "http://a/?x", "http://u@a", "http://a\r\nX: y"})
    EXPECT_THROW(static_cast<void>(parse_url(url, "/socket.io/")), std::invalid_argument) << url;
}

}  // namespace
}  // namespace app::doctor
