#include "process.hpp"

#include <time.h>

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
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0)
    throw std::runtime_error("there is no process " + std::to_string(pid));
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

std::uint64_t resident_bytes(pid_t pid) {
  if (pid == 0) return 0;
  return kilobytes(read(pid, "status"), "VmRSS:");
}

std::uint64_t kernel_bytes() {
  return kilobytes(read("meminfo"), "Slab:");
}

}  // namespace load
