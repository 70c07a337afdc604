#include "hanging_disk.hpp"

#include <sys/syscall.h>
#include <unistd.h>

// The C library's own, as SQLite finds them in this program: it asks here first.
extern "C" int fsync(int file) {
  signalbox::store::test::HangingDisk::pass();
  return static_cast<int>(::syscall(SYS_fsync, file));
}

extern "C" int fdatasync(int file) {
  signalbox::store::test::HangingDisk::pass();
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}
