#include "base/log_output.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <string>

namespace signalbox {
namespace {

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    close_reader();
    ::close(ends[1]);
  }
  void close_reader() {
    if (ends[0] >= 0) ::close(std::exchange(ends[0], -1));
  }
  /// All that is in it.
  std::string read() const {
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    std::string all;
    char some[4096];
    for (ssize_t n; (n = ::read(ends[0], some, sizeof some)) > 0;) all.append(some, static_cast<std::size_t>(n));
    return all;
  }
  std::array<int, 2> ends{};
};

TEST(LogOutput, writes_lines_of_any_length) {
  Pipe pipe;
  LogOutput output(pipe.ends[1]);
  const std::string longer(30'000, 'x');
  EXPECT_TRUE(output.write("short\n"));
  EXPECT_TRUE(output.write(longer + '\n'));
  EXPECT_EQ(pipe.read(), "short\n" + longer + '\n');
}

TEST(LogOutput, whose_reader_has_gone_loses_the_line) {
  Pipe pipe;
  LogOutput output(pipe.ends[1]);
  pipe.close_reader();
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  EXPECT_FALSE(output.write("a line\n"));
  ::signal(SIGPIPE, before);
}

TEST(LogOutput, waits_for_a_reader_who_stands_still_but_once_and_goes_on_with_a_line_of_its_own_when_he_is_back) {
  Pipe pipe;
  LogOutput output(pipe.ends[1]);
  const std::string line(9'999, 'x');
  std::size_t whole = 0;
  while (output.write(line + '\n')) ++whole;
  const auto begin = Clock::now();
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(output.write("lost\n"));
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5)) << "not 100 ms each";
  std::string before = pipe.read();
  EXPECT_TRUE(output.write("he is back\n"));
  std::string all;
  for (std::size_t i = 0; i < whole; ++i) all += line + '\n';
  ASSERT_TRUE(before.starts_with(all));
  const std::string torn = before.substr(all.size());
  EXPECT_LT(torn.size(), line.size());
  EXPECT_EQ(pipe.read(), torn.empty() ? "he is back\n" : "\nhe is back\n");
}

TEST(LogOutput, that_is_closed_loses_the_line) {
  Pipe pipe;
  LogOutput output(::fcntl(pipe.ends[1], F_DUPFD, 500) + 1);
  EXPECT_FALSE(output.write("a line\n"));
}

}  // namespace
}  // namespace signalbox
