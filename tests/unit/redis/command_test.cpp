#include "redis/command.hpp"

#include <gtest/gtest.h>

namespace signalbox::redis {
namespace {

using namespace std::string_view_literals;

TEST(RedisCommand, is_written_as_an_array_of_its_arguments) {
  std::string out = "before ";
  append_command({"SET", "k", ""}, out);
  EXPECT_EQ(out, "before *3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n");
}

TEST(RedisCommand, holds_any_bytes) {
  std::string out;
  append_command({"ECHO", "\0\r\n$3\xff"sv, std::string_view{}}, out);
  EXPECT_EQ(out, "*3\r\n$4\r\nECHO\r\n$6\r\n\0\r\n$3\xff\r\n$0\r\n\r\n"sv);
}

TEST(RedisCommand, is_no_larger_than_it_is_taken_for) {
  const std::string large(100'000, 'x');
  const Command command(100, large);
  std::string out;
  append_command(command, out);
  EXPECT_LE(out.size(), encoded_size(command));
  EXPECT_GT(out.size() + 4000, encoded_size(command));
}

}  // namespace
}  // namespace signalbox::redis
