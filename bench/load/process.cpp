#include "process.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace load {
namespace {

std::string read(pid_t pid, const char* name) {
  std::ifstream file("/proc/" + std::to_string(pid) + '/' + name);
  if (!file) throw std::runtime_error("there is no process " + std::to_string(pid));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

double cpu_seconds(pid_t pid) {
  if (pid == 0) return 0;
  const std::string text = read(pid, "stat");
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;  // from state to cmajflt
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::uint64_t resident_bytes(pid_t pid) {
  if (pid == 0) return 0;
  const std::string text = read(pid, "status");
  const auto at = text.find("VmRSS:");
  return at == text.npos ? 0 : std::stoull(text.substr(at + 6)) * 1024;
}

}  // namespace load
