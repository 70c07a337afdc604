#include "net/descriptors.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace signalbox::net {
namespace {

TEST(Descriptors, leave_room_for_what_the_program_itself_needs) {
  const std::size_t few = connections_within({.limit = 1024, .open = 8, .shards = 2, .addresses = 1});
  EXPECT_EQ(few, 1024 - 8 - 2 * 5 - 64 - 32u);
  EXPECT_EQ(connections_within({.limit = 1024, .open = 18, .shards = 2, .addresses = 1}), few - 10);
  EXPECT_EQ(connections_within({.limit = 1024, .open = 8, .shards = 2, .addresses = 2}), few - 2);
  EXPECT_EQ(connections_within({.limit = 1024, .open = 8, .shards = 64, .addresses = 2}),
            few - 2 - std::size_t{62} * 6);
}

TEST(Descriptors, that_are_too_few_leave_room_for_none) {
  const Descriptors tight{.limit = 256, .open = 8, .shards = 64, .addresses = 2};
  EXPECT_EQ(connections_within(tight), 0u);
  EXPECT_EQ(descriptors_for(100, tight), 100u + 8 + 64 * 6 + 64 + 32);
  Descriptors enough = tight;
  enough.limit = descriptors_for(100, tight);
  EXPECT_EQ(connections_within(enough), 100u);
}

TEST(Descriptors, without_a_limit_still_bound_the_connections) {
  EXPECT_EQ(connections_within({.limit = std::size_t{1} << 30, .open = 8, .shards = 4, .addresses = 1}),
            std::size_t{1} << 20);
  EXPECT_EQ(connections_within({.limit = SIZE_MAX, .open = 8, .shards = 4, .addresses = 1}), std::size_t{1} << 20);
}

TEST(Descriptors, that_are_open_are_counted) {
  const std::size_t before = open_descriptors();
  EXPECT_GE(before, 1u);
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(open_descriptors(), before + 1);
  ::close(fd);
  EXPECT_EQ(open_descriptors(), before);
}

/// What the kernel's table of this process' descriptors has room for.
std::size_t room_for_descriptors() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("FDSize:")) return std::stoul(line.substr(7));
  }
  return 0;
}

TEST(Descriptors, have_room_in_the_kernels_table_before_they_are_opened) {
  raise_descriptor_limit();
  const std::size_t before = room_for_descriptors(), open = open_descriptors();
  ASSERT_GT(before, 0u);
  make_room_for_descriptors(2 * before);
  EXPECT_GE(room_for_descriptors(), 2 * before);
  EXPECT_EQ(open_descriptors(), open);
  make_room_for_descriptors(std::size_t{1} << 20);
  EXPECT_LE(room_for_descriptors(), 65'536u);
}

}  // namespace
}  // namespace signalbox::net
