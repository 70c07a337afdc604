// Clients that have shown neither a login nor the workers' key have a part of what is bounded, and go first.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "small_world.hpp"

namespace signalbox::net::test {
namespace {

Options with_totals(std::size_t bytes) {
  Options options;
  options.total_partial_bytes = bytes;
  options.session.total_queue_bytes = bytes;
  return options;
}

/// So many bytes of memory for a head that does not end.
int half_a_head(World& world, std::size_t bytes) {
  constexpr std::size_t kField = 16;  // where it stands among them
  const int fd = world.connect();
  std::string head = "GET / HTTP/1.1\r\nA: ";
  world.send(fd, head + std::string(bytes - kField - head.size(), 'x'));
  return fd;
}

/// So many bytes of a worker's body that does not end; of a client that shows no key, to another path.
int half_a_body(World& world, std::size_t bytes, const std::string& path = "/worker") {
  const int fd = world.connect();
  world.send(fd, "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + std::string(bytes, 'x'));
  return fd;
}

std::string half_a_message(std::size_t bytes) {
  return masked_frame(0x81, std::string(10'000, '4')).substr(0, bytes);
}

TEST(Unauthenticated, have_half_of_what_may_be_unfinished_and_the_longest_unfinished_go_first) {
  World world(with_totals(10'000));
  const int small = half_a_head(world, 500);
  world.pass(seconds(1));
  std::vector<int> fds;
  for (int i = 0; i < 9; ++i) {
    fds.push_back(half_a_head(world, 500));
    world.pass(Milliseconds(100));
  }
  EXPECT_EQ(world.shared.partial.all, 5000u);
  EXPECT_FALSE(world.gone(small));
  const int large = half_a_head(world, 900);
  world.turn(2);
  EXPECT_TRUE(world.gone(small));
  EXPECT_FALSE(world.gone(large)) << "it has only begun";
  EXPECT_FALSE(world.gone(fds.back()));
  EXPECT_LE(world.shared.partial.all, 3750u) << "some room is made at once";
}

TEST(Unauthenticated, of_whatever_kind_are_told_apart_by_when_they_began) {
  World world(with_totals(10'000));
  const int websocket = world.websocket();
  world.pass(seconds(1));
  const int head = half_a_head(world, 2000);
  world.pass(seconds(1));
  const int body = half_a_body(world, 900, "/other");
  world.send(websocket, half_a_message(2000));
  EXPECT_FALSE(world.gone(websocket));
  world.pass(seconds(1));
  half_a_head(world, 300);
  world.turn(2);
  EXPECT_TRUE(world.gone(websocket)) << "it has been without a login for the longest time";
  EXPECT_FALSE(world.gone(head));
  EXPECT_FALSE(world.gone(body));
}

TEST(Unauthenticated, go_before_a_worker_and_before_one_who_is_logged_in_down_to_an_eighth) {
  World world(with_totals(10'000));
  const int worker = half_a_body(world, 5900), user = world.logged_in();
  world.send(user, half_a_message(2000));
  std::vector<int> fds;
  for (int i = 0; i < 6; ++i) fds.push_back(half_a_head(world, 400));
  EXPECT_FALSE(world.gone(worker));
  EXPECT_FALSE(world.gone(user));
  int left = 0;
  for (const int fd : fds) left += !world.gone(fd);
  EXPECT_GE(left, 3);
  world.send(user, half_a_message(10'000).substr(2000, 2500));
  world.turn(2);
  EXPECT_TRUE(world.gone(user)) << "with an eighth for those without a login there is no room for it";
  EXPECT_FALSE(world.gone(worker)) << "workers go last, however much they hold";
  EXPECT_FALSE(world.gone(fds.back()));
}

TEST(Unauthenticated, no_longer_is_who_has_logged_in_with_what_it_holds) {
  World world(with_totals(10'000));
  const int fd = world.websocket();
  world.send(fd, masked_frame(0x81, "4login") + half_a_message(4000));
  world.take(fd);
  EXPECT_EQ(world.shared.partial.unauthenticated, 0u);
  EXPECT_GT(world.shared.partial.all, 3900u);
  half_a_head(world, 4000);
  world.turn(2);
  EXPECT_FALSE(world.gone(fd));
}

TEST(Unauthenticated, have_half_of_the_answers_that_may_wait) {
  World world(with_totals(100'000));
  const auto ask = [&world](const std::string& path, std::size_t bytes) {
    const int fd = world.connect();
    world.network.at(fd).room = 100;
    world.send(fd, "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
                       std::string(bytes, 'x'));
    world.pass(seconds(1));
    return fd;
  };
  const int oldest = ask("/other", 10'000), worker = ask("/worker", 45'000);
  const int user = world.logged_in();
  world.network.at(user).room = 0;
  world.session->send(text_frame('4' + std::string(3000, 'x')));
  ask("/other", 20'000);
  const int newest = ask("/other", 25'000);
  EXPECT_TRUE(world.gone(oldest));
  EXPECT_FALSE(world.gone(newest));
  EXPECT_FALSE(world.gone(worker));
  EXPECT_TRUE(world.ends.empty());
  for (const int fd : {worker, user, newest}) world.network.at(fd).room = SIZE_MAX;
  world.turn(2);
  EXPECT_EQ(world.status(worker), "200");
}

TEST(Unauthenticated, again_is_a_polling_clients_connection_once_its_answer_has_gone) {
  World world(with_totals(10'000));
  const int polls = world.connect();
  world.send(polls, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string target = "/socket.io/?EIO=4&transport=polling&sid=" + std::string(world.session->sid());
  world.send(polls, "POST " + target + " HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n4login");
  world.take(polls);
  world.network.at(polls).room = 100;
  world.session->send(text_frame('4' + std::string(3000, 'x')));
  world.send(polls, "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_GT(world.shared.queued.all, 3000u);
  EXPECT_EQ(world.shared.queued.unauthenticated, 0u);
  world.network.at(polls).room = SIZE_MAX;
  world.turn(2);
  world.send(polls, "GET / HTTP/1.1\r\nA: " + std::string(500, 'x'));
  EXPECT_GT(world.shared.partial.unauthenticated, 500u);
}

/// One who is logged in as that user.
int logged_in_as(World& world, const std::string& user) {
  const int fd = world.logged_in();
  world.message(fd, "4as " + user);
  world.take(fd);
  return fd;
}

TEST(Users, are_judged_by_what_all_their_clients_hold_together_and_the_largest_of_these_goes) {
  World world(with_totals(10'000));
  std::vector<int> many;
  for (const std::size_t bytes : {1500, 1500, 1600, 1500, 1500}) {
    many.push_back(logged_in_as(world, "many"));
    world.send(many.back(), half_a_message(bytes));
  }
  const int other = logged_in_as(world, "other");
  world.send(other, half_a_message(3000));
  world.turn(3);
  EXPECT_FALSE(world.gone(other)) << "it holds the most alone, but less than they do together";
  for (std::size_t i = 0; i < many.size(); ++i) EXPECT_EQ(world.gone(many[i]), i == 2) << i;
}

TEST(Users, are_judged_together_by_what_waits_for_all_their_clients) {
  World world(with_totals(10'000));
  const auto let_wait = [&world](const std::string& user, std::size_t bytes) {
    const int fd = logged_in_as(world, user);
    world.network.at(fd).room = 0;
    world.session->send(text_frame('4' + std::string(bytes, 'x')));
    world.turn(4);
    return fd;
  };
  for (int i = 0; i < 5; ++i) let_wait("many", 1500);
  const int other = let_wait("other", 3000);
  EXPECT_EQ(world.ends, std::vector{CloseReason::slow_consumer});
  world.network.at(other).room = SIZE_MAX;
  world.turn(2);
  EXPECT_GT(world.take(other).size(), 3000u);
}

TEST(Users, of_polling_sessions_hold_together_what_their_bodies_hold) {
  Options options = with_totals(10'000);
  options.preauth_message_bytes = 100;
  World world(std::move(options));
  std::vector<int> many;
  for (int i = 0; i < 4; ++i) {
    const int fd = many.emplace_back(world.connect());
    world.send(fd, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string post = "POST /socket.io/?EIO=4&transport=polling&sid=" + std::string(world.session->sid()) +
                             " HTTP/1.1\r\nHost: x\r\nContent-Length: ";
    for (const std::string body : {"4login", "4as many"})
      world.send(fd, post + std::to_string(body.size()) + "\r\n\r\n" + body);
    world.send(fd, post + "3000\r\n\r\n" + std::string(1800, '4'));
  }
  const int other = logged_in_as(world, "other");
  world.send(other, half_a_message(3000));
  world.turn(3);
  EXPECT_FALSE(world.gone(other));
  EXPECT_EQ(std::ranges::count_if(many, [&world](int fd) { return world.gone(fd); }), 1);
}

TEST(Workers, keep_their_standing_from_one_request_to_the_next) {
  World world(with_totals(10'000));
  const int worker = world.connect();
  world.send(worker, "POST /worker HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(world.status(worker), "200");
  world.send(worker, "POST /worker HTTP/1.1\r\nA: " + std::string(500, 'x'));
  EXPECT_EQ(world.shared.partial.unauthenticated, 0u);
  EXPECT_GT(world.shared.partial.all, 500u);
}

}  // namespace
}  // namespace signalbox::net::test
