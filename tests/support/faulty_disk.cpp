// Preloaded into a server (LD_PRELOAD): its disk is at fault while files of certain names lie in the folder that
// FAULTY_DISK names.
//
//   hang      fsync and fdatasync do not return
//   slow      they take 30 ms
//   no-locks  flock fails, as on a file system that has none
//   network   the file system says that it is NFS
#include <dlfcn.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace {

bool is(const char* fault) {
  const char* folder = std::getenv("FAULTY_DISK");
  return folder && ::access((std::string(folder) + '/' + fault).c_str(), F_OK) == 0;
}

void wait_for_disk() {
  const timespec pause{.tv_sec = 0, .tv_nsec = 2'000'000};
  while (is("hang")) ::nanosleep(&pause, nullptr);
  const timespec slow{.tv_sec = 0, .tv_nsec = 30'000'000};
  if (is("slow")) ::nanosleep(&slow, nullptr);
}

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int fsync(int file) {
  wait_for_disk();
  return real<int(int)>("fsync")(file);
}

int fdatasync(int file) {
  wait_for_disk();
  return real<int(int)>("fdatasync")(file);
}

int flock(int file, int operation) noexcept {
  if (is("no-locks")) return errno = ENOLCK, -1;
  return real<int(int, int)>("flock")(file, operation);
}

int fstatfs(int file, struct statfs* facts) noexcept {
  const int result = real<int(int, struct statfs*)>("fstatfs")(file, facts);
  if (result == 0 && is("network")) facts->f_type = NFS_SUPER_MAGIC;
  return result;
}

}  // extern "C"
