// A client that reads slowly: what it hears, at whatever byte the kernel stops taking more.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "small_world.hpp"
#include "support/server_frames.hpp"

namespace signalbox::net::test {
namespace {

/// What the text frames carry that a server wrote.
std::vector<std::string> messages_in(std::string bytes) {
  std::vector<std::string> out;
  while (auto frame = signalbox::test::take_frame(bytes)) {
    EXPECT_EQ(frame->opcode, 1);
    out.push_back(std::move(frame->payload));
  }
  EXPECT_EQ(bytes, "");
  return out;
}

TEST(SlowClient, hears_the_newest_and_every_outcome_wherever_the_kernel_cuts_what_is_written) {
  World world;
  const int fd = world.websocket();
  auto& socket = world.network.at(fd);
  const auto emit = [&world](FrameKind kind, int job, int value) {
    std::string text = std::to_string(job) + ' ' + std::to_string(value);
    world.session->send(make_frame(false, kind, std::to_string(job), text, std::string(150, ' ')));
  };
  constexpr int kJobs = 60, kSteps = 100, kOutcome = 1000;
  socket.room = 0;
  std::vector<std::string> outcomes;
  std::size_t most = 0;
  for (int step = 1; step <= kSteps; ++step) {
    for (int job = 0; job < kJobs; ++job) {
      // Every other job ends, each at another step.
      const int end = job % 2 == 0 ? 40 + job / 2 : kSteps + 1;
      if (step < end) emit(FrameKind::progress, job, step);
      if (step == end) {
        emit(FrameKind::outcome, job, kOutcome);
        outcomes.push_back(std::to_string(job));
      }
      socket.room = 1;
      world.turn();
      most = std::max(most, world.session->queue().bytes());
    }
  }
  while (!world.session->queue().empty()) {
    socket.room = 1;
    world.turn();
  }
  EXPECT_LT(most, 30'000u);
  EXPECT_GT(world.shared.conflated, 3000u);
  std::map<int, int> last;
  std::vector<std::string> heard;
  for (const std::string& message : messages_in(world.take(fd))) {
    const int job = std::stoi(message), value = std::stoi(message.substr(message.find(' ')));
    EXPECT_LT(last[job], value) << "job " << job;
    last[job] = value;
    if (value == kOutcome) heard.push_back(std::to_string(job));
  }
  EXPECT_EQ(heard, outcomes);
  for (int job = 0; job < kJobs; ++job) EXPECT_EQ(last[job], job % 2 == 0 ? kOutcome : kSteps) << "job " << job;
  socket.room = SIZE_MAX;
}

/// A browser that polls over a line of 10 KB a second: it reads an answer to its end before it answers the ping in it,
/// or asks again.
class SlowPoller {
 public:
  explicit SlowPoller(World& world) : world_(world), gets_(world.connect()) {
    get({});
    second();
  }
  /// What one second brings: the packets of an answer, once it is whole.
  std::vector<std::string> second() {
    world_.network.at(gets_).room = 10'000;
    world_.pass(seconds(1));
    in_ += world_.take(gets_);
    const auto head = in_.find("\r\n\r\n");
    if (head == std::string::npos) return {};
    const auto length = std::stoul(in_.substr(in_.find("Content-Length: ") + 16));
    if (in_.size() < head + 4 + length) return {};
    std::vector<std::string> packets;
    std::istringstream body(std::exchange(in_, {}).substr(head + 4));
    for (std::string packet; std::getline(body, packet, '\x1e');) packets.push_back(packet);
    const std::string sid = "&sid=" + std::string(world_.session->sid());
    if (std::ranges::count(packets, "2") != 0) {
      world_.send(world_.connect(), "POST /socket.io/?EIO=4&transport=polling" + sid +
                                        " HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n3");
    }
    get(sid);
    return packets;
  }

 private:
  void get(const std::string& sid) {
    world_.network.at(gets_).room = 0;
    world_.send(gets_, "GET /socket.io/?EIO=4&transport=polling" + sid + " HTTP/1.1\r\nHost: x\r\n\r\n");
  }

  World& world_;
  int gets_;
  std::string in_;
};

TEST(SlowClient, that_polls_is_given_no_more_at_once_than_it_can_read_before_its_pong_is_due) {
  World world;
  SlowPoller slow(world);
  std::vector<std::string> sent, heard;
  for (char c = 'a'; c <= 'z'; ++c) {
    sent.push_back('4' + std::string(30'000, c));
    world.session->send(text_frame(sent.back()));
  }
  for (int time = 0; time < 200 && world.ends.empty() && heard.size() < sent.size(); ++time) {
    for (const std::string& packet : slow.second())
      if (packet != "2") heard.push_back(packet);
  }
  EXPECT_TRUE(world.ends.empty());
  EXPECT_TRUE(heard == sent) << heard.size() << " of " << sent.size();
}

/// Ten messages of half a megabyte, in one turn.
std::vector<std::string> burst(World& world) {
  std::vector<std::string> sent;
  for (char c = 'a'; c < 'k'; ++c) {
    sent.push_back('4' + std::string(500'000, c));
    world.session->send(text_frame(sent.back()));
  }
  return sent;
}

TEST(Burst, of_more_than_may_wait_arrives_whole_over_websocket) {
  World world;
  const int fd = world.websocket();
  auto& socket = world.network.at(fd);
  socket.room = 200'000;
  const auto sent = burst(world);
  world.turn();
  while (world.ends.empty() && !world.session->queue().empty()) {
    socket.room = 100'000;
    world.session->send(text_frame("4"));  // others go on meanwhile
    world.turn(2);
  }
  std::vector<std::string> heard = messages_in(world.take(fd));
  std::erase(heard, "4");
  EXPECT_TRUE(heard == sent) << heard.size() << " of " << sent.size();
  socket.room = SIZE_MAX;
}

TEST(Burst, of_more_than_may_wait_arrives_whole_over_polling) {
  Options options;
  options.session.polling_max_packets = 3;
  World world(options);
  const int fd = world.connect();
  const auto get = [&world, fd](const std::string& sid) {
    world.send(fd, "GET /socket.io/?EIO=4&transport=polling" + sid + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto answer = world.take(fd);
    return answer.substr(answer.find("\r\n\r\n") + 4);
  };
  get("");
  const std::string sid = "&sid=" + std::string(world.session->sid());
  const auto sent = burst(world);
  world.turn();
  std::string heard, want;
  while (world.ends.empty() && !world.session->queue().empty()) heard += get(sid) + '\x1e';
  for (const auto& message : sent) want += message + '\x1e';
  EXPECT_TRUE(heard == want) << heard.size() << " of " << want.size();
}

TEST(Burst, to_one_who_never_reads_is_dropped_when_as_much_comes_again) {
  World world;
  const int fd = world.websocket();
  world.network.at(fd).room = 200'000;
  burst(world);
  world.turn();
  EXPECT_TRUE(world.ends.empty());
  burst(world);
  world.turn();
  EXPECT_EQ(world.ends, std::vector{CloseReason::slow_consumer});
  EXPECT_EQ(world.session->queue().bytes(), 0u);
  world.pass(seconds(3));
  EXPECT_TRUE(world.gone(fd));
}

}  // namespace
}  // namespace signalbox::net::test
