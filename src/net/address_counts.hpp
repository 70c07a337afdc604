#pragma once
#include <cstddef>
#include <map>

#include "base/mutex.hpp"
#include "reactor/peer_address.hpp"

namespace signalbox::net {

/// How many sessions each address has.
///
/// thread  any.
class AddressCounts {
 public:
  /// Counts one more, unless the address has `most`.
  [[nodiscard]] bool add_within(std::size_t most, const reactor::PeerAddress& address) {
    const Lock lock(mutex_);
    const auto found = counts_.find(address);
    if ((found == counts_.end() ? 0 : found->second) >= most) return false;
    ++counts_[address];
    return true;
  }
  /// Counts one more, however many it has.
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
