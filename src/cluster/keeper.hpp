#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "cluster/channels.hpp"
#include "cluster/keys.hpp"
#include "redis/client.hpp"

namespace signalbox::cluster {

/// One node hears what emitters publish for any user, so that an outcome for somebody who is on no node is kept. It
/// holds a lease in Redis; when it dies, another one takes its place when that has ended, and what is published
/// meanwhile is lost for those who are not there.
///
/// thread  the cluster's.
class Keeper {
 public:
  static constexpr Milliseconds kLease{3000}, kRenew{1000};

  /// `subscriber`: a connection of its own, since a message would come twice over one that hears users as well.
  Keeper(redis::Client& commands, redis::Client& subscriber, const Keys& keys, const Channels& channels,
         std::string name);

  bool keeps() const { return keeps_; }
  void on_connected(TimePoint now) { renew_at_ = now; }
  void on_lost();
  /// Its lease is free at once.
  void leave();
  TimePoint next_deadline() const { return renew_at_; }
  void on_timer(TimePoint now);

 private:
  void set(bool keeps);

  redis::Client& commands_;
  redis::Client& subscriber_;
  const std::string key_, name_, pattern_;
  bool keeps_ = false;
  TimePoint renew_at_ = kNever;
  TimePoint until_{};  ///< our lease, as we know it
};

}  // namespace signalbox::cluster
