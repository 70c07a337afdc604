#include "cluster/keeper.hpp"

#include <expected>
#include <utility>

#include "base/log.hpp"

namespace signalbox::cluster {
namespace {

using SubscriptionKind = redis::Subscriptions::Kind;

// KEYS: the lease. ARGV: who wants it, and for how long.
const redis::Script& hold_script() {
  static const redis::Script script(R"(
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
)");
  return script;
}

const redis::Script& leave_script() {
  static const redis::Script script(R"(
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
)");
  return script;
}

}  // namespace

Keeper::Keeper(redis::Client& commands, redis::Client& subscriber, const Keys& keys, const Channels& channels,
               std::string name)
    : commands_(commands),
      subscriber_(subscriber),
      key_(keys.keeper()),
      name_(std::move(name)),
      pattern_(literal_pattern(channels.broadcast()) + "user:*") {}

void Keeper::on_lost() {
  renew_at_ = kNever;
  set(false);
}

void Keeper::leave() {
  if (keeps_) commands_.run(leave_script(), {.keys = {key_}, .arguments = {name_}}, [](const redis::Answer&) {});
  on_lost();
}

void Keeper::on_timer(TimePoint now) {
  if (keeps_ && now >= until_) set(false);
  if (now < renew_at_) return;
  renew_at_ = now + kRenew;
  if (!subscriber_.is_up()) return set(false);  // another node hears it better
  commands_.run(hold_script(), {.keys = {key_}, .arguments = {name_, std::to_string(kLease.count())}},
                [this, until = now + kLease](const redis::Answer& answer) {
                  if (renew_at_ == kNever || !answer) return;
                  until_ = until;
                  set(answer->number == 1);
                });
}

void Keeper::set(bool keeps) {
  if (std::exchange(keeps_, keeps) == keeps) return;
  log::debug(keeps ? "this node keeps what emitters publish for users who are nowhere"
                   : "another node may keep it now");
  if (keeps)
    return subscriber_.subscribe(SubscriptionKind::pattern, pattern_, [](const std::expected<void, redis::Error>&) {});
  subscriber_.unsubscribe(SubscriptionKind::pattern, pattern_);
}

}  // namespace signalbox::cluster
