#include "process.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace load {
namespace {

std::string read(const std::string& name) {
  std::ifstream file("/proc/" + name);
  if (!file) throw std::runtime_error("there is no /proc/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string read(pid_t pid, const char* name) {
  return read(std::to_string(pid) + '/' + name);
}

/// Behind "Name:", in bytes; 0 if it is not there.
std::uint64_t kilobytes(const std::string& text, const std::string& name) {
  const auto at = text.find(name);
  return at == text.npos ? 0 : std::stoull(text.substr(at + name.size())) * 1024;
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
  return kilobytes(read(pid, "status"), "VmRSS:");
}

std::uint64_t kernel_bytes() {
  return kilobytes(read("meminfo"), "Slab:");
}

}  // namespace load
