// Where the server listens, and what the kernel is told of the connections that it accepts.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cstring>

#include "echo_server.hpp"
#include "net/listener.hpp"
#include "reactor/kernel.hpp"

namespace signalbox::net::test {
namespace {

/// 0, or the errno of a connection to this address.
int connect_to(int family, const char* address, std::uint16_t port) {
  const OwnedFd fd(::socket(family, SOCK_STREAM, 0));
  sockaddr_storage to{};
  to.ss_family = static_cast<sa_family_t>(family);
  socklen_t size = sizeof(sockaddr_in);
  if (family == AF_INET) {
    auto& in = reinterpret_cast<sockaddr_in&>(to);
    in.sin_port = htons(port);
    inet_pton(family, address, &in.sin_addr);
  } else {
    auto& in = reinterpret_cast<sockaddr_in6&>(to);
    in.sin6_port = htons(port);
    inet_pton(family, address, &in.sin6_addr);
    size = sizeof(sockaddr_in6);
  }
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), size) == 0 ? 0 : errno;
}

bool has_ipv6() {
  const OwnedFd fd(::socket(AF_INET6, SOCK_STREAM, 0));
  sockaddr_in6 loopback{};
  loopback.sin6_family = AF_INET6;
  loopback.sin6_addr = in6addr_loopback;
  return fd.get() >= 0 && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&loopback), sizeof loopback) == 0;
}

struct HostServer {
  explicit HostServer(std::string host) {
    Options options;
    options.host = std::move(host);
    options.port = 0;
    options.shards = 2;
    network = Network::create(options, [this](unsigned) { return std::make_unique<EchoApplication>(raw, open); });
    raw = network.get();
    network->start();
  }
  ~HostServer() { network->stop(); }
  Network* raw = nullptr;
  std::atomic<int> open{0};
  std::unique_ptr<Network> network;
};

struct Place {
  const char* host;
  bool ipv4, ipv6;
};

class Hosts : public testing::TestWithParam<Place> {};
INSTANTIATE_TEST_SUITE_P(All, Hosts,
                         testing::Values(Place{"", true, true}, Place{"localhost", true, true},
                                         Place{"127.0.0.1", true, false}, Place{"::1", false, true}),
                         [](const auto& place) {
                           const std::string_view host = place.param.host;
                           return std::string(host.empty()     ? "all_addresses"
                                              : host == "::1"  ? "ipv6_loopback"
                                              : host[0] == 'l' ? "localhost"
                                                               : "ipv4_loopback");
                         });

TEST_P(Hosts, listens_where_it_is_told_to_and_nowhere_else) {
  if (GetParam().ipv6 && !has_ipv6()) GTEST_SKIP() << "this machine has no IPv6";
  HostServer server(GetParam().host);
  const auto port = server.network->port();
  EXPECT_EQ(connect_to(AF_INET, "127.0.0.1", port), GetParam().ipv4 ? 0 : ECONNREFUSED);
  if (!has_ipv6()) return;
  EXPECT_EQ(connect_to(AF_INET6, "::1", port), GetParam().ipv6 ? 0 : ECONNREFUSED);
}

TEST(OtherHosts, that_are_not_this_machines_are_refused_by_name) {
  for (const std::string host : {"192.0.2.1", "no-such-host.invalid"}) {
    try {
      HostServer server(host);
      FAIL() << "it listens on " << host;
    } catch (const std::exception& error) {
      EXPECT_TRUE(std::string_view(error.what()).starts_with("HOST is '" + host + "', which is no address"))
          << error.what();
    }
  }
}

std::vector<std::string> two_of_loopback(const std::string&) {
  return {"127.0.0.1", "127.0.0.2"};
}
std::vector<std::string> one_of_another_machine(const std::string&) {
  return {"127.0.0.1", "192.0.2.1"};
}
std::vector<std::string> both_families(const std::string&) {
  return {"127.0.0.3", "::1"};
}

std::string why_not(const std::string& host, std::uint16_t port, Resolver resolver) {
  try {
    static_cast<void>(listen_on({host, port}, 1, Milliseconds{30'000}, resolver));
    return "it listens";
  } catch (const std::exception& error) {
    return error.what();
  }
}

TEST(HostNames, are_listened_on_at_all_their_addresses_by_every_shard) {
  const Listeners listeners = listen_on({"two.example", 0}, 2, Milliseconds{30'000}, two_of_loopback);
  ASSERT_EQ(listeners.of_shard.size(), 2u);
  for (const auto& of_shard : listeners.of_shard) EXPECT_EQ(of_shard.size(), 2u);
  EXPECT_EQ(connect_to(AF_INET, "127.0.0.1", listeners.port), 0);
  EXPECT_EQ(connect_to(AF_INET, "127.0.0.2", listeners.port), 0);
  EXPECT_EQ(connect_to(AF_INET, "127.0.0.3", listeners.port), ECONNREFUSED);
}

TEST(HostNames, of_both_families_are_listened_on_in_those_that_the_machine_has) {
  const Listeners listeners = listen_on({"both.example", 0}, 1, Milliseconds{30'000}, both_families);
  EXPECT_EQ(connect_to(AF_INET, "127.0.0.3", listeners.port), 0);
  EXPECT_EQ(connect_to(AF_INET, "127.0.0.1", listeners.port), ECONNREFUSED);
  EXPECT_EQ(listeners.of_shard[0].size(), has_ipv6() ? 2u : 1u);
  if (has_ipv6()) {
    EXPECT_EQ(connect_to(AF_INET6, "::1", listeners.port), 0);
  }
}

TEST(HostNames, are_refused_with_the_address_that_cannot_be_listened_on) {
  EXPECT_EQ(why_not("two.example", 0, one_of_another_machine),
            "HOST is 'two.example', which stands for 192.0.2.1; that is no address of this machine; localhost is, and "
            "without HOST all are");
  const Listeners first = listen_on({"127.0.0.2", 0}, 1, Milliseconds{30'000});
  EXPECT_EQ(why_not("two.example", first.port, two_of_loopback),
            "port " + std::to_string(first.port) +
                " is in use on 127.0.0.2: another program listens there; choose another PORT or stop it");
}

TEST(HostNames, are_asked_of_the_system) {
  EXPECT_EQ(resolve("127.0.0.1"), std::vector<std::string>{"127.0.0.1"});
  const auto addresses = resolve("localhost");
  EXPECT_NE(std::find(addresses.begin(), addresses.end(), "127.0.0.1"), addresses.end());
  EXPECT_THROW(static_cast<void>(resolve("no-such-host.invalid")), std::runtime_error);
}

TEST(Addresses, are_written_as_people_write_them) {
  PeerAddress address{};
  address[15] = 1;
  EXPECT_EQ(reactor::to_text(address), "::1");
  address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
  EXPECT_EQ(reactor::to_text(address), "10.0.0.1");
}

/// The server's end of a connection, which is in this very process.
int accepted_from(std::uint16_t port) {
  for (int fd = 3; fd < 1024; ++fd) {
    sockaddr_in local{}, peer{};
    socklen_t size = sizeof local;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) != 0 || ntohs(local.sin_port) != port) continue;
    size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0) return fd;
  }
  return -1;
}

TEST(AcceptedSockets, keep_little_in_the_kernel_so_that_what_waits_can_be_judged) {
  EchoServer server(1);
  Client client(server);
  client.send(get("/a"));
  ASSERT_EQ(client.body(), "/a:");
  const int fd = accepted_from(server.network->port());
  ASSERT_GE(fd, 0);
  const auto option = [fd](int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    getsockopt(fd, level, name, &value, &size);
    return value;
  };
  EXPECT_EQ(option(IPPROTO_TCP, TCP_NOTSENT_LOWAT), 16 * 1024);
  EXPECT_EQ(option(SOL_SOCKET, SO_SNDBUF), 2 * 128 * 1024) << "Linux doubles what it is told, for its own bookkeeping";
  EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 30'000);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_NODELAY), 1);
}

}  // namespace
}  // namespace signalbox::net::test
