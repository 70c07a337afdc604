// Preloaded into a server (LD_PRELOAD): its wall clock is ahead by the nanoseconds that stand in the file
// STEPPED_CLOCK, one integer of 8 bytes, which may change at any time. Steady clocks are left alone. What waits for a
// moment of the wall clock inside the kernel waits for the real one.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

const std::int64_t* offset = nullptr;

[[gnu::constructor]] void map_offset() {
  const char* path = std::getenv("STEPPED_CLOCK");
  const int file = path ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void* const page = ::mmap(nullptr, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  if (page != MAP_FAILED) offset = static_cast<const std::int64_t*>(page);
}

std::int64_t nanoseconds_ahead() {
  return offset ? __atomic_load_n(offset, __ATOMIC_RELAXED) : 0;
}

/// The kernel itself is asked: to look for the C library's function allocates, and allocators ask for the time.
int real_time(clockid_t clock, timespec* time) {
  return static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
}

timespec wall_time(clockid_t clock) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  timespec time{};
  real_time(clock, &time);
  const std::int64_t sum = std::int64_t{time.tv_sec} * kSecond + time.tv_nsec + nanoseconds_ahead();
  return {.tv_sec = sum / kSecond, .tv_nsec = sum % kSecond};  // after 1970
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return real_time(clock, time);
  *time = wall_time(clock);
  return 0;
}

int gettimeofday(timeval* time, void*) noexcept {
  const timespec now = wall_time(CLOCK_REALTIME);
  *time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

std::time_t time(std::time_t* out) noexcept {
  const std::time_t now = wall_time(CLOCK_REALTIME_COARSE).tv_sec;
  if (out) *out = now;
  return now;
}

}  // extern "C"
