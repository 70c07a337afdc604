#pragma once
#include <mutex>

// Clang's thread-safety analysis (its violations are errors); nothing for other compilers.
#if defined(__clang__)
#define SB_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define SB_THREAD_ANNOTATION(x)
#endif
#define SB_GUARDED_BY(x) SB_THREAD_ANNOTATION(guarded_by(x))
#define SB_REQUIRES(x) SB_THREAD_ANNOTATION(requires_capability(x))

namespace signalbox {

/// std::mutex with annotations, which Debian's standard library lacks. Beside each one stands why there is a lock at
/// all.
class SB_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void lock() SB_THREAD_ANNOTATION(acquire_capability()) {
    mutex_.lock();
    count(1);
  }
  void unlock() SB_THREAD_ANNOTATION(release_capability()) {
    count(-1);
    mutex_.unlock();
  }
#ifndef NDEBUG
  /// How many locks this thread holds, for SB_DEBUG_ASSERT.
  static int held() { return held_; }
#endif

 private:
#ifdef NDEBUG
  static void count(int) {}
#else
  static void count(int change) { held_ += change; }
  static inline thread_local int held_ = 0;
#endif
  std::mutex mutex_;
};

/// Holds a Mutex for as long as it lives.
class SB_THREAD_ANNOTATION(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& mutex) SB_THREAD_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) { mutex_.lock(); }
  ~Lock() SB_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace signalbox
