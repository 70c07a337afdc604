#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/message.hpp"
#include "base/mutex.hpp"
#include "base/text.hpp"

namespace signalbox::hub {

/// The sockets that users have in other namespaces than the main one, which the directory does not know. Counted, so
/// that one token cannot take all connections by them either.
///
/// thread  any. One lock, taken at logins to such namespaces and when such sockets go.
class OtherSockets {
 public:
  /// The user's oldest, when there are now more than `most` (0: no limit); it is counted no more.
  std::optional<SocketRef> add(std::string_view user, const SocketRef& socket, std::size_t most);
  /// Nothing happens if it is not counted.
  void remove(std::string_view user, const SocketRef& socket);
  std::vector<SocketRef> of(std::string_view user) const;

 private:
  mutable Mutex mutex_;
  std::unordered_map<std::string, std::vector<SocketRef>, TextHash, std::equal_to<>> sockets_ SB_GUARDED_BY(mutex_);
};

}  // namespace signalbox::hub
