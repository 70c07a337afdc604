#pragma once
#include <string>

namespace signalbox::store {

/// Makes the folder of a store and holds it while it lives, against every other holder in this process and in others.
///
/// The lock is an flock on a file of its own, which nothing else opens: SQLite's locks on its file are POSIX locks, and
/// the process loses those as soon as anything in it closes that file. The kernel gives an flock back when the process
/// ends, however it ends; the file stays.
class DirectoryLock {
 public:
  /// Throws StoreError.
  explicit DirectoryLock(const std::string& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

  const std::string& directory() const { return directory_; }

 private:
  const std::string directory_;
  int file_ = -1;
};

}  // namespace signalbox::store
