#include "redis/lease.hpp"

#include <utility>

namespace signalbox::redis {
namespace {

// KEYS: the lease. ARGV: who wants it, and for how long. Returns who holds it.
const Script& hold_script() {
  static const Script script(R"(
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
)");
  return script;
}

const Script& leave_script() {
  static const Script script(R"(
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
)");
  return script;
}

}  // namespace

Lease::Lease(Commands& commands, std::string key, std::string holder, OnChange on_change)
    : commands_(commands), key_(std::move(key)), self_(std::move(holder)), on_change_(std::move(on_change)) {}

void Lease::end() {
  renew_at_ = kNever;
  held_by_.clear();
  set(false);
}

void Lease::leave() {
  if (held_) commands_.run(leave_script(), {.keys = {key_}, .arguments = {self_}}, [](const Answer&) {});
  end();
}

void Lease::on_timer(TimePoint now, bool able) {
  if (held_ && now >= until_) set(false);
  if (now < renew_at_) return;
  renew_at_ = now + kRenew;
  if (!able) return set(false);
  commands_.run(hold_script(), {.keys = {key_}, .arguments = {self_, std::to_string(kTerm.count())}},
                [this, until = now + kTerm](const Answer& answer) { on_answer(answer, until); });
}

void Lease::on_answer(const Answer& answer, TimePoint until) {
  if (renew_at_ == kNever || !answer) return;
  held_by_ = answer->text;
  until_ = until;
  set(held_by_ == self_);
}

void Lease::set(bool held) {
  if (std::exchange(held_, held) != held) on_change_(held);
}

}  // namespace signalbox::redis
