#include "store/disk_probe.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/service_thread.hpp"

namespace signalbox::store {
namespace {

constexpr std::size_t kMostWrites = 100, kWriteBytes = 4096;  // a commit writes some pages to the store's log

DiskSpeed speed_of(std::vector<Clock::duration> took) {
  if (took.empty()) return {};
  std::ranges::sort(took);
  return {.writes = took.size(), .p99 = took[took.size() - std::min<std::size_t>(took.size(), 2)]};
}

/// Its name is always the same: what a process that was killed has left is the next one's.
class ProbeFile {
 public:
  explicit ProbeFile(const std::string& directory)
      : name_(directory + "/outcomes.probe"),
        file_(::open(name_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {}
  ~ProbeFile() {
    if (file_ < 0) return;
    ::close(file_);
    ::unlink(name_.c_str());
  }
  ProbeFile(const ProbeFile&) = delete;
  ProbeFile& operator=(const ProbeFile&) = delete;

  /// Behind what was written before, as the store's log grows. False: it cannot be.
  bool write() {
    const std::array<char, kWriteBytes> page{};
    return file_ >= 0 && ::write(file_, page.data(), page.size()) == static_cast<ssize_t>(page.size()) &&
           ::fdatasync(file_) == 0;
  }

 private:
  const std::string name_;
  const int file_;
};

DiskSpeed measure(const std::string& directory, TimePoint last) {
  ProbeFile file(directory);
  std::vector<Clock::duration> took;
  for (TimePoint begun = Clock::now(); took.size() < kMostWrites && begun < last && file.write();) {
    const TimePoint ended = Clock::now();
    took.push_back(ended - begun);
    begun = ended;
  }
  return speed_of(std::move(took));
}

}  // namespace

DiskKind disk_kind(const std::string& directory) {
  struct statfs facts{};
  if (::statfs(directory.c_str(), &facts) != 0) return DiskKind::disk;
  const auto type = static_cast<std::uint32_t>(facts.f_type);
  if (type == TMPFS_MAGIC || type == RAMFS_MAGIC) return DiskKind::memory;
  return type == OVERLAYFS_SUPER_MAGIC ? DiskKind::container : DiskKind::disk;
}

DiskSpeed disk_speed(const std::string& directory, Milliseconds patience) {
  const TimePoint until = Clock::now() + patience;
  const TimePoint last = until - patience / 2;  // a write that begins then has half of the time
  std::packaged_task<DiskSpeed()> task([directory, last] { return measure(directory, last); });
  std::future<DiskSpeed> measured = task.get_future();
  std::thread thread = service_thread(std::move(task));
  if (measured.wait_until(until) == std::future_status::ready) {
    thread.join();
    return measured.get();
  }
  thread.detach();
  return {.p99 = until - last, .answered = false};
}

}  // namespace signalbox::store
