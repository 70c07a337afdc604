#pragma once
#include <condition_variable>
#include <mutex>

namespace signalbox::store::test {

/// While one lives, who writes to the disk waits for its end.
class HangingDisk {
 public:
  HangingDisk() {
    const std::lock_guard lock(mutex);
    hanging = true;
  }
  ~HangingDisk() {
    const std::lock_guard lock(mutex);
    hanging = false;
    changed.notify_all();
  }
  HangingDisk(const HangingDisk&) = delete;
  HangingDisk& operator=(const HangingDisk&) = delete;

  /// Waits until somebody waits for the disk.
  void catches_one() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [] { return caught > 0; });
  }
  static void pass() {
    std::unique_lock lock(mutex);
    ++caught;
    changed.notify_all();
    changed.wait(lock, [] { return !hanging; });
    --caught;
  }

 private:
  static inline std::mutex mutex;
  static inline std::condition_variable changed;
  static inline bool hanging = false;
  static inline int caught = 0;
};

}  // namespace signalbox::store::test
