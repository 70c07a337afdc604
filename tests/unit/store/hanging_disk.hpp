#pragma once
#include <condition_variable>
#include <mutex>

namespace signalbox::store::test {

/// While one lives, who writes to the disk waits for its end.
class HangingDisk {
 public:
  HangingDisk() {
    const std::lock_guard lock(disk.mutex);
    disk.hanging = true;
  }
  ~HangingDisk() {
    const std::lock_guard lock(disk.mutex);
    disk.hanging = false;
    disk.changed.notify_all();
  }
  HangingDisk(const HangingDisk&) = delete;
  HangingDisk& operator=(const HangingDisk&) = delete;

  /// Waits until somebody waits for the disk.
  void catches_one() {
    std::unique_lock lock(disk.mutex);
    disk.changed.wait(lock, [] { return disk.caught > 0; });
  }
  static void pass() {
    std::unique_lock lock(disk.mutex);
    ++disk.caught;
    disk.changed.notify_all();
    disk.changed.wait(lock, [] { return !disk.hanging; });
    --disk.caught;
  }

 private:
  struct Disk {
    std::mutex mutex;
    std::condition_variable changed;
    bool hanging;
    int caught;
  };
  /// Never destroyed: a store that its service left to a disk without an answer writes on while the program ends.
  static inline Disk& disk = *new Disk{};
};

}  // namespace signalbox::store::test
