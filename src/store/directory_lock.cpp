#include "store/directory_lock.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "base/log.hpp"
#include "store/store_error.hpp"

namespace signalbox::store {
namespace {

std::string why(int error) {
  return std::strerror(error);
}

int open_lock_file(const std::string& directory, const std::string& name) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    throw StoreError("DATA_DIR " + directory + " cannot be made: " + why(errno));
  }
  const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) throw StoreError(name + " cannot be opened: " + why(errno));
  return file;
}

// Such a lock may be one of this machine alone: NFS with the option nolock says nothing of it.
bool on_a_network(int file) {
  constexpr std::uint32_t kNetworks[] = {NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC,
                                         CEPH_SUPER_MAGIC, AFS_SUPER_MAGIC, V9FS_MAGIC};
  struct statfs facts{};
  return ::fstatfs(file, &facts) == 0 &&
         std::ranges::find(kNetworks, static_cast<std::uint32_t>(facts.f_type)) != std::end(kNetworks);
}

}  // namespace

DirectoryLock::DirectoryLock(const std::string& directory) : directory_(directory) {
  const std::string name = directory + "/outcomes.lock";
  file_ = open_lock_file(directory, name);
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    ::close(file_);
    if (error == EWOULDBLOCK) {
      throw StoreError("DATA_DIR " + directory +
                       " is in use by another server; stop that one, or choose another DATA_DIR and PORT");
    }
    throw StoreError(name + " cannot be locked: " + why(error) +
                     ", so that two servers could write one store; choose a folder on a local disk");
  }
  if (on_a_network(file_)) {
    log::warn(
        "DATA_DIR lies on a network file system, where a server on another machine may not see that it is in use: see "
        "that only one uses it, or choose a folder on a local disk",
        {{"directory", directory}});
  }
}

DirectoryLock::~DirectoryLock() {
  ::close(file_);
}

}  // namespace signalbox::store
