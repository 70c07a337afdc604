// Where the server listens, and what the kernel is told of the connections that it accepts.
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <cstring>

#include "echo_server.hpp"
#include "net/kernel.hpp"

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

TEST(Addresses, are_written_as_people_write_them) {
  PeerAddress address{};
  address[15] = 1;
  EXPECT_EQ(to_text(address), "::1");
  address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
  EXPECT_EQ(to_text(address), "10.0.0.1");
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
