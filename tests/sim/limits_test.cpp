// What each limit does when it is passed.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "small_world.hpp"

namespace signalbox::net::test {
namespace {

TEST(Deadlines, a_head_has_ten_seconds_however_it_drips) {
  World world;
  const int fd = world.connect();
  for (const char c : std::string_view("GET / HT")) {
    world.send(fd, {&c, 1});
    world.pass(seconds(1));
  }
  EXPECT_EQ(world.take(fd), "");
  world.pass(seconds(3));
  EXPECT_EQ(world.status(fd), "408");
  world.pass(seconds(3));
  EXPECT_TRUE(world.gone(fd));
}

TEST(Deadlines, a_connection_that_says_nothing_is_closed_without_a_word) {
  World world;
  const int fd = world.connect();
  world.pass(seconds(9));
  EXPECT_FALSE(world.gone(fd));
  world.pass(seconds(2));
  EXPECT_TRUE(world.gone(fd));
}

TEST(Deadlines, a_body_has_thirty_seconds) {
  World world;
  const int fd = world.connect();
  world.send(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n");
  for (int i = 0; i < 7; ++i) {
    world.send(fd, "x");
    world.pass(seconds(4));
  }
  EXPECT_EQ(world.take(fd), "");
  world.pass(seconds(4));
  EXPECT_EQ(world.status(fd), "408");
}

TEST(Deadlines, a_kept_alive_connection_may_wait_thirty_seconds) {
  World world;
  const int fd = world.connect();
  world.send(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(world.status(fd), "200");
  world.pass(seconds(29));
  world.send(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(world.status(fd), "200");
  world.pass(seconds(29));
  EXPECT_FALSE(world.gone(fd));
  world.pass(seconds(2));
  EXPECT_TRUE(world.gone(fd));
}

TEST(Deadlines, a_peer_that_does_not_answer_our_close_frame_has_two_seconds) {
  World world;
  const int fd = world.websocket();
  world.session->close(CloseReason::forced_close, world.network.now);
  world.turn(2);
  EXPECT_EQ(world.take(fd), kClosed1000);
  world.pass(Milliseconds(1900));
  EXPECT_FALSE(world.gone(fd));
  world.pass(Milliseconds(200));
  EXPECT_TRUE(world.gone(fd));
}

TEST(Fragments, one_more_than_the_limit_is_1008) {
  Options options;
  options.max_fragments = 3;
  World world(options);
  const int fd = world.websocket();
  world.send(fd, masked_frame(0x01, "4") + masked_frame(0x00, "") + masked_frame(0x00, ""));
  EXPECT_EQ(world.take(fd), "");
  world.send(fd, masked_frame(0x00, ""));
  EXPECT_EQ(world.take(fd), (std::string{'\x88', '\x02', '\x03', '\xf0'}));
  EXPECT_EQ(world.ends, std::vector{CloseReason::parse_error});
}

TEST(Unauthenticated, of_one_address_are_counted_until_they_log_in_or_go) {
  Options options;
  options.max_unauthenticated_per_address = 2;
  World world(options);
  const int first = world.websocket(), second = world.websocket();
  world.websocket();
  EXPECT_TRUE(world.first_answer.starts_with("HTTP/1.1 503")) << world.first_answer;
  EXPECT_NE(world.first_answer.find("Retry-After"), std::string::npos);
  world.websocket(2);
  EXPECT_TRUE(world.first_answer.starts_with("HTTP/1.1 101")) << "another address";
  world.message(first, "4login");
  world.websocket();
  EXPECT_TRUE(world.first_answer.starts_with("HTTP/1.1 101")) << "one has logged in";
  world.network.at(second).broken = true;
  world.turn(2);
  world.websocket();
  EXPECT_TRUE(world.first_answer.starts_with("HTTP/1.1 101")) << "one has gone";
}

TEST(Unauthenticated, are_those_too_who_have_left_again) {
  Options options;
  options.max_unauthenticated = 2;
  options.max_unauthenticated_per_address = 3;
  World world(options);
  const int left = world.logged_in(), polls = world.connect();
  engineio::Session& left_session = *world.session;
  world.send(polls, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto post = [&world, polls](const std::string& message) {
    world.send(polls, "POST /socket.io/?EIO=4&transport=polling&sid=" + std::string(world.session->sid()) +
                          " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(message.size()) + "\r\n\r\n" +
                          message);
  };
  post("4login");
  EXPECT_EQ(world.shared.unauthenticated, 0u);
  left_session.send(text_frame("4hi"));
  world.message(left, "4leave");
  post("4leave");
  EXPECT_EQ(world.shared.unauthenticated, 2u);
  world.take(left);
  world.websocket();
  EXPECT_TRUE(world.first_answer.starts_with("HTTP/1.1 101"));
  world.websocket();
  EXPECT_TRUE(world.first_answer.starts_with("HTTP/1.1 503")) << "there are three of this address";
  EXPECT_EQ(world.take(left), "") << "it has a second";
  world.pass(seconds(1));
  EXPECT_EQ(world.take(left), kClosed1000) << "it has been one for the longest time";
  world.websocket();
  EXPECT_TRUE(world.first_answer.starts_with("HTTP/1.1 101"));
}

TEST(Unauthenticated, may_send_no_more_than_before_their_login_when_they_have_left) {
  World world;
  const int fd = world.logged_in();
  world.message(fd, "4leave");
  world.take(fd);
  world.send(fd, masked_frame(0x81, std::string(20'000, '4')).substr(0, 10));
  EXPECT_EQ(world.take(fd), (std::string{'\x88', '\x02', '\x03', '\xf1'}));
}

TEST(Unauthenticated, past_the_limit_the_oldest_goes_after_its_first_second) {
  Options options;
  options.max_unauthenticated = 2;
  World world(options);
  const int oldest = world.websocket();
  world.pass(Milliseconds(500));
  const int second = world.websocket(), third = world.websocket();
  world.pass(Milliseconds(400));
  EXPECT_EQ(world.take(oldest), "");
  world.pass(Milliseconds(100));
  EXPECT_EQ(world.take(oldest), kClosed1000);
  world.pass(seconds(1));
  EXPECT_EQ(world.take(second) + world.take(third), "");
}

TEST(Unauthenticated, have_a_bound_of_the_heads_that_are_kept_and_the_oldest_goes_at_once) {
  Options options;
  options.preauth_heads_bytes = 10'000;
  World world(options);
  const auto handshake = [&world](std::size_t bytes) {
    const int fd = world.connect();
    world.send(fd,
               "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nA:     " + std::string(bytes, 'x') +
                   "   \r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
                   "13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    world.take(fd);
    return fd;
  };
  const int known = handshake(9000);
  world.message(known, "4login");
  world.take(known);
  const int oldest = handshake(4000), second = handshake(4000);
  EXPECT_EQ(world.take(oldest), "");
  const int third = handshake(4000);
  EXPECT_EQ(world.take(oldest), kClosed1000);
  EXPECT_EQ(world.shared.unauthenticated, 2u);
  EXPECT_EQ(world.take(second) + world.take(third) + world.take(known), "");
  world.message(known, "4leave");
  EXPECT_EQ(world.shared.unauthenticated, 1u) << "what is kept for it counts again, and it is the newest";
}

TEST(Unauthenticated, as_many_as_connections_may_be_spare_nobody) {
  Options options;
  options.max_unauthenticated = 2;
  options.max_connections = 5;
  World world(options);
  const int fd = world.connect();
  for (int i = 0; i < 10; ++i) world.send(fd, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(world.shared.unauthenticated, 5u);
}

TEST(Unauthenticated, none_is_pushed_out_while_its_login_waits_unread) {
  Options options;
  options.max_unauthenticated = 10;
  World world(options);
  std::vector<int> all;
  for (int i = 0; i < 1000; ++i) {
    PeerAddress peer{};
    all.push_back(world.kernel->connect(peer));
    // Handshake and login arrive in two reads: the second waits for the first.
    world.network.at(all.back()).in =
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
        "Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  }
  std::set<int> logged_in;
  for (int i = 0; i < 200; ++i) {
    world.turn();
    for (const int fd : all) {
      if (!world.gone(fd) && world.network.at(fd).out.starts_with("HTTP/1.1 101") && logged_in.insert(fd).second)
        world.network.at(fd).in += masked_frame(0x81, "4login");
    }
  }
  world.turn(10);
  EXPECT_EQ(logged_in.size(), 1000u);
  EXPECT_EQ(world.shared.sessions, 1000u);
  EXPECT_EQ(world.shared.unauthenticated, 0u);
}

TEST(Reading, a_session_that_is_not_read_keeps_its_bytes_and_its_order) {
  World world;
  const int fd = world.websocket();
  world.message(fd, "4pause");
  world.take(fd);
  for (int i = 0; i < 5; ++i) world.message(fd, "4" + std::to_string(i));
  EXPECT_EQ(world.take(fd), "");
  EXPECT_FALSE(world.network.at(fd).in.empty()) << "the rest stays with the kernel, and TCP slows the client";
  world.control->set_reading(true);
  world.turn(4);
  std::string want;
  for (int i = 0; i < 5; ++i) want += std::string{'\x81', '\x02', '4', static_cast<char>('0' + i)};
  EXPECT_EQ(world.take(fd), want);
}

TEST(Heartbeat, is_extended_while_the_kernel_still_gets_rid_of_bytes) {
  World world;
  const int fd = world.websocket();
  world.network.at(fd).unacknowledged = 1000;
  world.pass(seconds(26));
  EXPECT_NE(world.take(fd).find('2'), std::string::npos);
  for (std::size_t left : {900u, 500u, 100u}) {
    world.network.at(fd).unacknowledged = left;
    world.pass(seconds(21));
    EXPECT_TRUE(world.ends.empty()) << left;
  }
  world.pass(seconds(21));
  EXPECT_EQ(world.ends, std::vector{CloseReason::ping_timeout}) << "nothing left since the last time";
}

TEST(Heartbeat, is_extended_while_bytes_leave_the_kernel_also_where_others_take_their_place) {
  World world;
  const int fd = world.websocket();
  world.network.at(fd).unacknowledged = 1000;
  world.pass(seconds(26));
  for (int i = 0; i < 5; ++i) {
    world.message(fd, "4some more");  // is sent back, and as many bytes arrive
    world.pass(seconds(21));
    EXPECT_TRUE(world.ends.empty()) << i;
  }
  world.pass(seconds(21));
  EXPECT_EQ(world.ends, std::vector{CloseReason::ping_timeout}) << "nothing has arrived since the last time";
}

TEST(Connections, past_the_limit_are_told_so_and_past_64_of_those_at_once_only_closed) {
  Options options;
  options.max_connections = 2;
  World world(options);
  const int first = world.connect();
  world.connect();
  std::vector<int> refused;
  for (int i = 0; i < 70; ++i) refused.push_back(world.connect());
  for (int i = 0; i < 64; ++i) EXPECT_EQ(world.status(refused[i]), "503");
  for (int i = 64; i < 70; ++i) EXPECT_TRUE(world.gone(refused[i])) << i;
  world.send(first, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(world.status(first), "200");
  world.pass(seconds(3));
  EXPECT_TRUE(world.gone(refused[0]));
  EXPECT_EQ(world.shared.refused, 0u);
}

TEST(Connections, that_the_kernel_does_not_watch_are_closed_and_count_no_more) {
  Options options;
  options.max_connections = 3;
  World world(options);
  const int here = world.connect();
  world.kernel->watches = false;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(world.gone(world.connect())) << i;
  EXPECT_EQ(world.shared.connections, 1u);
  EXPECT_EQ(world.shared.refused, 0u);
  world.kernel->watches = true;
  const int next = world.connect();
  for (const int fd : {here, next}) {
    world.send(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(world.status(fd), "200");
  }
  world.connect();
  world.kernel->watches = false;
  EXPECT_TRUE(world.gone(world.connect())) << "one over the limit, which would be told so";
  EXPECT_EQ(world.shared.connections, 3u);
  EXPECT_EQ(world.shared.refused, 0u);
}

TEST(Connections, when_descriptors_run_out_one_is_closed_and_the_next_are_served) {
  World world;
  world.kernel->accept_error = EMFILE;
  const int closed = world.connect(), next = world.connect();
  EXPECT_TRUE(world.gone(closed));
  world.send(next, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(world.status(next), "200");
}

}  // namespace
}  // namespace signalbox::net::test
