// A client that reads slowly: what it hears, at whatever byte the kernel stops taking more.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "small_world.hpp"

namespace signalbox::net::test {
namespace {

/// The text frames that a server wrote.
std::vector<std::string> frames_in(std::string_view bytes) {
  std::vector<std::string> out;
  while (!bytes.empty()) {
    const auto byte = [&bytes](std::size_t at) { return static_cast<unsigned char>(bytes.at(at)); };
    EXPECT_EQ(byte(0), 0x81);
    const bool longer = byte(1) == 126;
    const std::size_t size = longer ? byte(2) * 256u + byte(3) : byte(1), head = longer ? 4 : 2;
    out.emplace_back(bytes.substr(head, size));
    bytes.remove_prefix(std::min(bytes.size(), head + size));
  }
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
  for (const std::string& frame : frames_in(world.take(fd))) {
    const int job = std::stoi(frame), value = std::stoi(frame.substr(frame.find(' ')));
    EXPECT_LT(last[job], value) << "job " << job;
    last[job] = value;
    if (value == kOutcome) heard.push_back(std::to_string(job));
  }
  EXPECT_EQ(heard, outcomes);
  for (int job = 0; job < kJobs; ++job) EXPECT_EQ(last[job], job % 2 == 0 ? kOutcome : kSteps) << "job " << job;
  socket.room = SIZE_MAX;
}

}  // namespace
}  // namespace signalbox::net::test
