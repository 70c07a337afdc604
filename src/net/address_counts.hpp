#pragma once
#include <cstddef>
#include <map>

#include "base/mutex.hpp"
#include "reactor/peer_address.hpp"

namespace signalbox::net {

/// How many there are of each address.
///
/// thread  any.
class AddressCounts {
 public:
  /// One more, unless there are `most` of it.
  [[nodiscard]] bool add_within(std::size_t most, const reactor::PeerAddress& address) {
    const Lock lock(mutex_);
    const auto found = counts_.find(address);
    if ((found == counts_.end() ? 0 : found->second) >= most) return false;
    ++counts_[address];
    return true;
  }
  /// One more, however many there are.
  void add(const reactor::PeerAddress& address) {
    const Lock lock(mutex_);
    ++counts_[address];
  }
  void remove(const reactor::PeerAddress& address) {
    const Lock lock(mutex_);
    const auto found = counts_.find(address);
    if (found != counts_.end() && --found->second == 0) counts_.erase(found);
  }
  std::size_t addresses() const {
    const Lock lock(mutex_);
    return counts_.size();
  }

 private:
  mutable Mutex mutex_;  ///< every shard has unauthenticated sessions
  std::map<reactor::PeerAddress, std::size_t> counts_ SB_GUARDED_BY(mutex_);
};

}  // namespace signalbox::net
