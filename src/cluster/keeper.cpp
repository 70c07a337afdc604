#include "cluster/keeper.hpp"

#include <expected>
#include <utility>

#include "base/log.hpp"

namespace signalbox::cluster {
namespace {

using SubscriptionKind = redis::Subscriptions::Kind;

}  // namespace

Keeper::Keeper(redis::Commands& commands, redis::Subscriber& subscriber, const Keys& keys, const Channels& channels,
               std::string name)
    : subscriber_(subscriber),
      pattern_(literal_pattern(channels.broadcast()) + "user:*"),
      lease_(commands, keys.keeper(), std::move(name), [this](bool keeps) { set(keeps); }) {}

void Keeper::set(bool keeps) {
  log::debug(keeps ? "this node keeps what emitters publish for users who are nowhere"
                   : "another node may keep it now");
  if (keeps)
    return subscriber_.subscribe(SubscriptionKind::pattern, pattern_, [](const std::expected<void, redis::Error>&) {});
  subscriber_.unsubscribe(SubscriptionKind::pattern, pattern_);
}

}  // namespace signalbox::cluster
