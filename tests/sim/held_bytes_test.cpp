// What is held for clients, whole or not, and who goes when it is too much.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "small_world.hpp"

namespace signalbox::net::test {
namespace {

TEST(PartialBytes, the_largest_goes_and_the_one_that_passed_the_limit_stays) {
  Options options;
  options.total_partial_bytes = 1000;
  World world(options);
  const int large = world.logged_in(), small = world.logged_in();
  world.send(large, masked_frame(0x81, std::string(2000, '4')).substr(0, 900));
  world.send(small, masked_frame(0x81, std::string(2000, '4')).substr(0, 300));
  EXPECT_TRUE(world.gone(large));
  EXPECT_FALSE(world.gone(small));
  EXPECT_LT(world.shared.partial.all, 300u);
}

TEST(PartialBytes, count_what_the_handler_holds) {
  Options options;
  options.total_partial_bytes = 1000;
  World world(options);
  const int holds = world.logged_in();
  world.message(holds, "4hold");
  world.take(holds);
  EXPECT_EQ(world.shared.partial.all, 700u);
  const int other = world.logged_in();
  world.send(other, masked_frame(0x81, std::string(2000, '4')).substr(0, 400));
  world.turn(2);
  EXPECT_EQ(world.take(holds), kClosed1000);
  EXPECT_EQ(world.ends, std::vector{CloseReason::forced_close});
  EXPECT_FALSE(world.gone(other));
}

TEST(PartialBytes, of_a_post_that_waits_for_its_session_to_be_read_count_until_its_connection_goes) {
  World world;
  const int polls = world.connect();
  world.send(polls, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto post = [&world](int fd, const std::string& body) {
    world.send(fd, "POST /socket.io/?EIO=4&transport=polling&sid=" + std::string(world.session->sid()) +
                       " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  post(polls, "4pause");
  const int held = world.connect();
  post(held, std::string(1000, '4'));
  EXPECT_EQ(world.shared.partial.all, 1000u);
  world.network.at(held).broken = true;
  world.turn(2);
  EXPECT_EQ(world.shared.partial.all, 0u);
  EXPECT_TRUE(world.ends.empty());
}

/// Clients that read nothing, with so many bytes sent to each.
std::vector<int> deaf(World& world, const std::vector<std::size_t>& bytes) {
  std::vector<int> fds;
  for (const std::size_t size : bytes) {
    fds.push_back(world.logged_in());
    world.network.at(fds.back()).room = 0;
    world.session->send(text_frame('4' + std::string(size, 'x')));
    world.turn(2);
  }
  return fds;
}

TEST(QueueBytes, of_all_clients_past_the_limit_the_largest_goes_and_the_others_stay) {
  Options options;
  options.session.total_queue_bytes = 100'000;
  World world(options);
  const int reads = world.websocket();
  engineio::Session& reader = *world.session;
  const auto fds = deaf(world, {20'000, 50'000, 20'000});
  EXPECT_GT(world.shared.queued.all, 90'000u);
  EXPECT_TRUE(world.ends.empty());
  const int last = deaf(world, {20'000}).front();
  EXPECT_EQ(world.ends, std::vector{CloseReason::slow_consumer});
  EXPECT_LT(world.shared.queued.all, 61'000u);
  world.pass(seconds(3));
  EXPECT_TRUE(world.gone(fds[1]));
  for (const int fd : {fds[0], fds[2], last}) EXPECT_FALSE(world.gone(fd));
  reader.send(text_frame("4hi"));
  world.turn();
  EXPECT_EQ(world.take(reads),
            "\x81\x03"
            "4hi");
  for (const int fd : {fds[0], fds[2], last}) world.network.at(fd).room = SIZE_MAX;
  world.turn(2);
  EXPECT_EQ(world.shared.queued.all, 0u) << "what is written waits no more";
}

TEST(QueueBytes, of_a_frame_that_many_wait_for_count_once_and_nobody_goes_for_it) {
  Options options;
  options.session.total_queue_bytes = 100'000;
  World world(options);
  const FrameRef shared = text_frame('4' + std::string(20'000, 'x'));
  std::vector<int> fds;
  std::size_t own = 0;  // what the first one's queue takes beside it
  for (int i = 0; i < 50; ++i) {
    fds.push_back(world.logged_in());
    world.network.at(fds.back()).room = 0;
    world.session->send(shared);
    world.turn(2);
    if (i == 0) own = world.shared.queued.all - shared->memory();
  }
  EXPECT_LT(own, 200u);
  EXPECT_EQ(world.shared.queued.all, shared->memory() + 50 * own);
  EXPECT_TRUE(world.ends.empty());
  world.network.at(fds[0]).broken = true;
  world.network.at(fds[1]).room = SIZE_MAX;
  world.turn(2);
  EXPECT_EQ(world.shared.queued.all, shared->memory() + 48 * own);
  for (std::size_t i = 1; i < fds.size(); ++i) world.network.at(fds[i]).room = SIZE_MAX;
  world.turn(2);
  EXPECT_EQ(world.shared.queued.all, 0u);
}

TEST(QueueBytes, of_what_was_kept_for_a_client_count_as_well) {
  Options options;
  options.session.total_queue_bytes = 100'000;
  World world(options);
  world.network.at(world.logged_in()).room = 0;
  for (int i = 0; i < 3; ++i) world.session->send_kept(text_frame('4' + std::string(30'000, 'x')));
  world.turn(2);
  EXPECT_TRUE(world.ends.empty());
  world.session->send_kept(text_frame('4' + std::string(30'000, 'x')));
  world.turn(2);
  EXPECT_EQ(world.ends, std::vector{CloseReason::slow_consumer});
}

TEST(QueueBytes, of_one_polling_client_that_is_ending_count_and_go_as_well) {
  Options options;
  options.session.total_queue_bytes = 100'000;
  World world(options);
  const int fd = world.connect();
  world.send(fd, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n");
  world.session->send(text_frame('4' + std::string(90'000, 'x')));
  world.session->close(CloseReason::server_shutting_down, world.network.now);
  world.turn();
  EXPECT_GT(world.shared.queued.all, 90'000u);
  const int other = deaf(world, {20'000}).front();
  world.turn(2);
  EXPECT_LT(world.shared.queued.all, 21'000u);
  EXPECT_FALSE(world.gone(other));
}

TEST(QueueBytes, of_answers_that_are_not_read_count_and_the_largest_goes) {
  Options options;
  options.session.total_queue_bytes = 100'000;
  World world(options);
  const auto ask = [&world](std::size_t bytes) {
    const int fd = world.connect();
    world.network.at(fd).room = 100;
    world.send(fd, "POST /worker HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
                       std::string(bytes, 'x'));
    return fd;
  };
  const int first = ask(20'000), largest = ask(50'000), third = ask(20'000);
  EXPECT_GT(world.shared.queued.all, 90'000u);
  EXPECT_FALSE(world.gone(largest));
  const int last = ask(20'000);
  EXPECT_TRUE(world.gone(largest));
  for (const int fd : {first, third, last}) {
    EXPECT_FALSE(world.gone(fd));
    world.network.at(fd).room = SIZE_MAX;
  }
  world.turn(2);
  EXPECT_EQ(world.shared.queued.all, 0u) << "what is written waits no more";
  EXPECT_EQ(world.status(last), "200");
}

TEST(QueueBytes, of_one_turn_no_more_than_all_clients_may_let_wait_are_taken) {
  Options options;
  options.session.total_queue_bytes = 100'000;
  World world(options);
  world.websocket();
  for (int i = 0; i < 1000; ++i) world.session->send(text_frame('4' + std::string(1000, 'x')));
  EXPECT_LT(world.session->queue().bytes(), 102'000u);
  world.turn();
  EXPECT_EQ(world.ends, std::vector{CloseReason::slow_consumer});
}

}  // namespace
}  // namespace signalbox::net::test
