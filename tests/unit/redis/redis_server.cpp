#include "unit/redis/redis_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <utility>

namespace signalbox::redis::test {
namespace {

/// Its process, with standard output and error going to `output`.
int spawn(const std::vector<std::string>& arguments, int output) {
  std::vector<char*> texts;
  for (const std::string& argument : arguments) texts.push_back(const_cast<char*>(argument.c_str()));
  texts.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  int pid = -1;
  const int failed = posix_spawnp(&pid, texts[0], &actions, nullptr, texts.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed ? -1 : pid;
}

/// A socket with that port; -1: another has it.
int bound_to(std::uint16_t port, int type) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "signalbox-redis-XXXXXX").string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::filesystem::remove_all(path_);
}

Program::Program(const std::vector<std::string>& arguments, const std::string& ready) {
  std::array<int, 2> pipe{};
  EXPECT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  pid_ = spawn(arguments, pipe[1]);
  ::close(pipe[1]);
  output_ = pipe[0];
  EXPECT_GT(pid_, 0) << arguments[0];
  EXPECT_TRUE(await(ready)) << said_;
}

bool Program::await(const std::string& text) {
  std::array<char, 4096> bytes;
  for (;;) {
    if (const std::size_t at = said_.find(text); at != std::string::npos) {
      said_.erase(0, at + text.size());
      return true;
    }
    const auto got = ::read(output_, bytes.data(), bytes.size());
    if (got <= 0) return false;
    said_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

void Program::kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (output_ >= 0) ::close(output_);
  pid_ = output_ = -1;
}

void Program::stop() {
  ::kill(pid_, SIGSTOP);
}

void Program::resume() {
  ::kill(pid_, SIGCONT);
}

bool run_program(const std::vector<std::string>& arguments) {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  const int pid = spawn(arguments, nowhere);
  ::close(nowhere);
  int status = -1;
  return pid > 0 && ::waitpid(pid, &status, 0) == pid && status == 0;
}

bool has_redis() {
  static const bool has = run_program({"redis-server", "--version"});
  return has;
}

// Below those that the kernel gives to connections, which other tests make meanwhile. Who has the UDP port of a number
// has that number until its process ends: the tests that run at a time take none from each other.
int free_port() {
  std::random_device random;
  std::uniform_int_distribution<std::uint16_t> some(20'000, 29'999);
  for (;;) {
    const std::uint16_t port = some(random);
    const int mark = bound_to(port, SOCK_DGRAM);
    if (mark < 0) continue;
    const int fd = bound_to(port, SOCK_STREAM);
    ::close(fd >= 0 ? fd : mark);
    if (fd >= 0) return port;
  }
}

RedisServer::RedisServer(std::vector<std::string> options) {
  arguments_ = {"redis-server", "--port", "0",     "--unixsocket", folder_.file("redis.sock"),
                "--save",       "",       "--dir", folder_.path(), "--enable-debug-command",
                "yes"};
  arguments_.insert(arguments_.end(), options.begin(), options.end());
  start();
}

void RedisServer::start() {
  if (!has_redis()) return;  // a failure would go before the skip
  program_ = std::make_unique<Program>(arguments_, "ready to accept connections at");
}

}  // namespace signalbox::redis::test
