#include "reactor/connecting.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <vector>

// Connections that the real kernel makes.
namespace signalbox::reactor {
namespace {

using std::chrono::seconds;

/// A listening socket on a free port of loopback, or at a path.
struct Listening {
  explicit Listening(Destination at, int backlog = 10) : where(std::move(at)) {
    sockaddr_storage storage{};
    const socklen_t size = socket_address(where, storage);
    fd = OwnedFd(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    EXPECT_EQ(::bind(fd.get(), address, size), 0);
    EXPECT_EQ(::listen(fd.get(), backlog), 0);
    socklen_t room = sizeof storage;
    EXPECT_EQ(getsockname(fd.get(), address, &room), 0);
    if (where.path.empty()) where.port = ntohs(reinterpret_cast<sockaddr_in&>(storage).sin_port);
  }
  OwnedFd accept() const { return OwnedFd(::accept(fd.get(), nullptr, nullptr)); }

  Destination where;
  OwnedFd fd{};
};

Destination loopback() {
  return {.address = peer_address("127.0.0.1"), .port = 0};
}

struct RealConnecting : testing::Test {
  /// Waits for its event; false: none came.
  bool await(Connecting& connecting, Milliseconds most = Milliseconds(10'000)) {
    std::array<KernelEvent, 4> events;
    if (kernel->wait(events, most) == 0) return false;
    EXPECT_EQ(events[0].token, 7u);
    connecting.on_event();
    return true;
  }
  void expect_to_talk(Listening& listening) {
    Connecting connecting(*kernel, listening.where, 7, TimePoint::max());
    ASSERT_EQ(connecting.error(), 0);
    ASSERT_TRUE(await(connecting));
    ASSERT_TRUE(connecting.connected());
    const OwnedFd ours = connecting.take(), theirs = listening.accept();
    char got[4];
    EXPECT_EQ(kernel->write(ours.get(), "ping", 4), 4);
    EXPECT_EQ(::recv(theirs.get(), got, sizeof got, MSG_WAITALL), 4);
    EXPECT_EQ(std::string_view(got, 4), "ping");
    EXPECT_EQ(kernel->read(ours.get(), got, sizeof got), -EAGAIN) << "it does not block";
  }

  std::unique_ptr<Kernel> kernel = make_epoll_kernel();
};

TEST_F(RealConnecting, reaches_an_address) {
  Listening listening(loopback());
  expect_to_talk(listening);
}

TEST_F(RealConnecting, reaches_a_unix_socket) {
  const auto path = std::filesystem::temp_directory_path() / ("signalbox-" + std::to_string(::getpid()) + ".sock");
  Listening listening({.path = path});
  expect_to_talk(listening);
  std::filesystem::remove(path);
}

TEST_F(RealConnecting, is_told_that_nobody_listens) {
  Destination nobody;
  {
    nobody = Listening(loopback()).where;
  }
  Connecting connecting(*kernel, nobody, 7, TimePoint::max());
  if (connecting.pending()) await(connecting);
  EXPECT_EQ(connecting.error(), ECONNREFUSED);
}

TEST_F(RealConnecting, is_told_that_a_path_is_wrong) {
  EXPECT_EQ(Connecting(*kernel, {.path = "/nowhere/redis.sock"}, 7, TimePoint::max()).error(), ENOENT);
  EXPECT_EQ(Connecting(*kernel, {.path = std::string(200, 'x')}, 7, TimePoint::max()).error(), ENAMETOOLONG);
}

// A listener that accepts nobody and has no room for more: the kernel does not answer.
TEST_F(RealConnecting, gives_up_at_its_deadline) {
  const Listening listening(loopback(), 0);
  std::vector<std::unique_ptr<Connecting>> filling;
  const TimePoint deadline = kernel->now() + seconds(5);
  while (filling.empty() || await(*filling.back(), Milliseconds(50))) {
    ASSERT_LT(filling.size(), 20u);
    filling.push_back(std::make_unique<Connecting>(*kernel, listening.where, 7, deadline));
  }
  Connecting& hanging = *filling.back();
  EXPECT_TRUE(hanging.pending());
  hanging.on_timer(deadline - seconds(1));
  EXPECT_TRUE(hanging.pending());
  hanging.on_timer(deadline);
  EXPECT_EQ(hanging.error(), ETIMEDOUT);
}

}  // namespace
}  // namespace signalbox::reactor
