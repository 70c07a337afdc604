#pragma once
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "cluster/channels.hpp"
#include "cluster/keys.hpp"
#include "redis/lease.hpp"
#include "redis/subscriber.hpp"

namespace signalbox::cluster {

/// One node hears what emitters publish for any user, so that an outcome for somebody who is on no node is kept. It
/// holds a lease in Redis; when it dies, another one takes its place when that has ended, and what is published
/// meanwhile is lost for those who are not there.
///
/// thread  the cluster's.
class Keeper {
 public:
  /// `subscriber`: a connection of its own, since a message would come twice over one that hears users as well.
  Keeper(redis::Commands& commands, redis::Subscriber& subscriber, const Keys& keys, const Channels& channels,
         std::string name);

  bool keeps() const { return lease_.held(); }
  void on_connected(TimePoint now) { lease_.begin(now); }
  void on_lost() { lease_.end(); }
  /// Its lease is free at once.
  void leave() { lease_.leave(); }
  TimePoint next_deadline() const { return lease_.next_deadline(); }
  /// Where it hears nothing, another node keeps better.
  void on_timer(TimePoint now) { lease_.on_timer(now, subscriber_.is_up()); }

 private:
  void set(bool keeps);

  redis::Subscriber& subscriber_;
  const std::string pattern_;
  redis::Lease lease_;
};

}  // namespace signalbox::cluster
