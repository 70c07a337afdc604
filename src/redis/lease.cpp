#include "redis/lease.hpp"

#include <utility>

namespace signalbox::redis {
namespace {

// KEYS: the lease. ARGV: who wants it, and for how long. Returns who holds it.
constexpr std::string_view kHold = R"(
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
)";

const Script& hold_script() {
  static const Script script{std::string(kHold)};
  return script;
}

// Of Redis 7: a few bytes beyond maxmemory, by which the holder can make room.
const Script& hold_when_full_script() {
  static const Script script("#!lua flags=allow-oom" + std::string(kHold));
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
  ++wish_;
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
  ask(hold_script(), now + kTerm);
}

void Lease::ask(const Script& script, TimePoint until) {
  commands_.run(script, {.keys = {key_}, .arguments = {self_, std::to_string(kTerm.count())}},
                [this, &script, until, wish = wish_](const Answer& answer) {
                  if (wish != wish_) return;
                  const bool full = !answer && answer.error().code == "OOM" && &script == &hold_script();
                  if (!full) return on_answer(answer, until);
                  full_.write("Redis is full (maxmemory): what is written to it is refused",
                              {{"why", answer.error().text}});
                  ask(hold_when_full_script(), until);
                });
}

void Lease::on_answer(const Answer& answer, TimePoint until) {
  if (!answer && answer.error().kind == Error::Kind::refused)
    refused_.write("Redis refuses a lease: what its holder is to do is not done",
                   {{"key", key_}, {"why", answer.error().text}});
  if (!answer) return;
  held_by_ = answer->text;
  until_ = until;
  set(held_by_ == self_);
}

void Lease::set(bool held) {
  if (std::exchange(held_, held) != held) on_change_(held);
}

}  // namespace signalbox::redis
