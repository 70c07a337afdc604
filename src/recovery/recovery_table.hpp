#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/message.hpp"
#include "base/mutex.hpp"
#include "base/text.hpp"

namespace signalbox::recovery {

/// Where the socket of each pid is, connected or gone, whatever shard its client comes back to; and the name of this
/// run of the process, which all its offsets bear.
///
/// thread  any.
class RecoveryTable {
 public:
  RecoveryTable();

  const std::string& run() const { return run_; }
  void put(std::string_view pid, const SocketRef& socket);
  /// Forgets the pid, if that socket still has it.
  void erase(std::string_view pid, const SocketRef& socket);
  std::optional<SocketRef> find(std::string_view pid) const;
  std::size_t size() const;

 private:
  const std::string run_;
  mutable Mutex mutex_;  ///< clients come back to any shard
  std::unordered_map<std::string, SocketRef, TextHash, std::equal_to<>> sockets_ SB_GUARDED_BY(mutex_);
};

}  // namespace signalbox::recovery
