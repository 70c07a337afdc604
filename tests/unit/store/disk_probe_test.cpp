#include "store/disk_probe.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <thread>

#include "hanging_disk.hpp"

// What a start finds out about the disk of its store.
namespace signalbox::store::test {
namespace {

struct DiskProbe : testing::Test {
  DiskProbe() { std::filesystem::create_directory(directory); }
  ~DiskProbe() override { std::filesystem::remove_all(directory); }

  static constexpr Milliseconds kLong{20'000};  // never all of it: so many writes take less on any disk

  const std::string directory = testing::TempDir() + "signalbox-probe-" + std::to_string(::getpid());
  const std::string file = directory + "/outcomes.probe";
};

TEST_F(DiskProbe, times_small_writes_and_leaves_nothing_behind) {
  const DiskSpeed speed = disk_speed(directory, kLong);
  ASSERT_TRUE(speed.answered);
  EXPECT_GE(speed.writes, 1u);
  EXPECT_LE(speed.writes, 100u);
  EXPECT_GT(speed.p99, Clock::duration::zero());
  EXPECT_TRUE(std::filesystem::is_empty(directory));
}

TEST_F(DiskProbe, leaves_a_disk_that_does_not_answer_to_a_thread_that_ends_when_it_does) {
  {
    HangingDisk disk;
    const Milliseconds patience{1000};  // its thread begins to write in the first half of it
    const TimePoint begun = Clock::now();
    const DiskSpeed speed = disk_speed(directory, patience);
    EXPECT_GE(Clock::now() - begun, patience);
    disk.catches_one();
    EXPECT_FALSE(speed.answered);
    EXPECT_EQ(speed.p99, patience / 2) << "so long one write has waited at least";
    EXPECT_TRUE(std::filesystem::exists(file));
  }
  while (std::filesystem::exists(file)) std::this_thread::yield();
}

TEST_F(DiskProbe, takes_over_what_a_start_that_was_killed_has_left) {
  {
    std::FILE* left = std::fopen(file.c_str(), "w");
    std::fclose(left);
  }
  EXPECT_GE(disk_speed(directory, kLong).writes, 1u);
  EXPECT_TRUE(std::filesystem::is_empty(directory));
}

TEST_F(DiskProbe, says_nothing_of_a_folder_that_is_not_there) {
  const DiskSpeed speed = disk_speed(directory + "/none", kLong);
  EXPECT_TRUE(speed.answered);
  EXPECT_EQ(speed.writes, 0u);
  EXPECT_EQ(speed.p99, Clock::duration::zero());
  EXPECT_EQ(disk_kind(directory + "/none"), DiskKind::disk);
}

TEST(DiskKind, of_a_file_system_in_memory_is_memory) {
  EXPECT_EQ(disk_kind("/dev/shm"), DiskKind::memory);
}

}  // namespace
}  // namespace signalbox::store::test
