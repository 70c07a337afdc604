#pragma once
#include <memory>
#include <string>
#include <vector>

namespace signalbox::redis::test {

/// A folder of the test's own, which goes with it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A program of the test's own, which is killed with it.
class Program {
 public:
  /// Starts it and waits until its output has `ready` in it.
  Program(const std::vector<std::string>& arguments, const std::string& ready);
  ~Program() { kill(); }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  void kill();
  void stop();                          ///< SIGSTOP
  void resume();                        ///< SIGCONT
  bool await(const std::string& text);  ///< in its output, from now on; false: it ended

 private:
  int pid_ = -1;
  int output_ = -1;
  std::string said_;
};

/// Is there a redis-server, so that a test can start one of its own?
bool has_redis();
/// A port of loopback on which nobody listens.
int free_port();
/// Runs a program to its end. False: it failed.
bool run_program(const std::vector<std::string>& arguments);

/// redis-server in a temporary folder, on a Unix socket and with what else `options` say. Where there is none nothing
/// starts, and tests skip themselves in SetUp(), which comes behind the members of their fixtures.
class RedisServer {
 public:
  explicit RedisServer(std::vector<std::string> options = {});
  void start();
  void kill() { program_.reset(); }
  Program& program() { return *program_; }
  std::string url(const std::string& identity = "") const { return "unix://" + identity + folder_.file("redis.sock"); }
  const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
  std::vector<std::string> arguments_;
  std::unique_ptr<Program> program_;
};

}  // namespace signalbox::redis::test
