#include "cluster/presence_index.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "base/whole_number.hpp"
#include "cluster/adapter_text.hpp"

namespace signalbox::cluster {
namespace {

using redis::Answer;
using redis::Reply;
using redis::Script;
using redis::ScriptCall;

// KEYS in all of these: the users' hash, the node's set, the version. ARGV begins with the node and the channel.
constexpr std::string_view kHead = R"(
local on, mine, version = KEYS[1], KEYS[2], KEYS[3]
local node, channel = ARGV[1], ARGV[2]
local function publish(kind, users)
  if #users == 0 then return end
  local epoch = redis.call('HGET', version, 'epoch')
  if not epoch then
    local time = redis.call('TIME')
    epoch = time[1] .. '.' .. time[2]
    redis.call('HSET', version, 'epoch', epoch)
  end
  local number = redis.call('HINCRBY', version, 'ver', 1)
  redis.call('PUBLISH', channel, cjson.encode({e = epoch, v = number, [kind] = users}))
end
local function gone(user)
  local nodes = redis.call('HGET', on, user)
  if not nodes then return false end
  local others = {}
  for each in string.gmatch(nodes, '%S+') do
    if each ~= node then others[#others + 1] = each end
  end
  if #others > 0 then
    redis.call('HSET', on, user, table.concat(others, ' '))
    return false
  end
  redis.call('HDEL', on, user)
  return true
end
)";

const Script& join_script() {
  static const Script script(std::string(kHead) + R"(
local up = {}
for i = 3, #ARGV do
  local user = ARGV[i]
  if redis.call('SADD', mine, user) == 1 then
    local nodes = redis.call('HGET', on, user)
    redis.call('HSET', on, user, nodes and nodes .. ' ' .. node or node)
    if not nodes then up[#up + 1] = user end
  end
end
publish('up', up)
return 0
)");
  return script;
}

const Script& leave_script() {
  static const Script script(std::string(kHead) + R"(
local down = {}
for i = 3, #ARGV do
  if redis.call('SREM', mine, ARGV[i]) == 1 and gone(ARGV[i]) then down[#down + 1] = ARGV[i] end
end
publish('down', down)
return 0
)");
  return script;
}

const Script& reap_script() {
  static const Script script(std::string(kHead) + R"(
local down = {}
for _, user in ipairs(redis.call('SPOP', mine, ARGV[3])) do
  if gone(user) then down[#down + 1] = user end
end
publish('down', down)
return redis.call('SCARD', mine)
)");
  return script;
}

const Script& snapshot_script() {
  static const Script script(R"(
local epoch = redis.call('HGET', KEYS[2], 'epoch')
if not epoch then
  local time = redis.call('TIME')
  epoch = time[1] .. '.' .. time[2]
  redis.call('HSET', KEYS[2], 'epoch', epoch)
end
return {epoch, redis.call('HGET', KEYS[2], 'ver') or '0', redis.call('HKEYS', KEYS[1])}
)");
  return script;
}

// KEYS in these: the leases, the dead. Times are Redis' own, in ms.
constexpr std::string_view kClock = R"(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
)";

const Script& beat_script() {
  static const Script script(std::string(kClock) + R"(
local node, lease, fresh = ARGV[1], ARGV[2], ARGV[3]
if redis.call('SISMEMBER', KEYS[2], node) == 1 then return 0 end
if fresh == '0' and not redis.call('ZSCORE', KEYS[1], node) then return 0 end
redis.call('ZADD', KEYS[1], now + lease, node)
return 1
)");
  return script;
}

const Script& end_lease_script() {
  static const Script script(std::string(kClock) + R"(
return redis.call('ZADD', KEYS[1], 'XX', now, ARGV[1])
)");
  return script;
}

const Script& sweep_script() {
  static const Script script(std::string(kClock) + R"(
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])) do
  redis.call('ZREM', KEYS[1], node)
  redis.call('SADD', KEYS[2], node)
end
return redis.call('SMEMBERS', KEYS[2])
)");
  return script;
}

const Script& bury_script() {
  static const Script script(R"(
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('SADD', KEYS[2], ARGV[1])
)");
  return script;
}

std::uint64_t number_in(std::string_view text) {
  return whole_number<std::uint64_t>(text).value_or(0);
}

std::vector<std::string> texts_in(Reply& reply) {
  std::vector<std::string> texts;
  texts.reserve(reply.elements.size());
  for (Reply& each : reply.elements) texts.push_back(std::move(each.text));
  return texts;
}

}  // namespace

PresenceIndex::PresenceIndex(redis::Client& client, const Keys& keys, const NodeTimes& times)
    : client_(client), keys_(keys), times_(times) {}

void PresenceIndex::join(unsigned partition, const std::string& node, std::vector<std::string> users, Done done) {
  change(join_script(), partition, node, std::move(users), std::move(done));
}

void PresenceIndex::leave(unsigned partition, const std::string& node, std::vector<std::string> users, Done done) {
  change(leave_script(), partition, node, std::move(users), std::move(done));
}

// Of several scripts the last one says whether it was carried out: they go one after the other.
void PresenceIndex::change(const Script& script, unsigned partition, const std::string& node,
                           std::vector<std::string> users, Done done) {
  const auto send = [&](std::span<std::string> some, Done on_done) {
    ScriptCall call{.keys = {keys_.online(partition), keys_.of_node(partition, node), keys_.version(partition)},
                    .arguments = {node, keys_.changes(partition)}};
    std::ranges::move(some, std::back_inserter(call.arguments));
    client_.run(script, std::move(call),
                [on_done = std::move(on_done)](const Answer& answer) mutable { on_done(answer.has_value()); });
  };
  std::span<std::string> left(users);
  for (; left.size() > kMost; left = left.subspan(kMost)) send(left.first(kMost), [](bool) {});
  send(left, std::move(done));
}

void PresenceIndex::reap(unsigned partition, const std::string& node, Done more) {
  client_.run(reap_script(),
              {.keys = {keys_.online(partition), keys_.of_node(partition, node), keys_.version(partition)},
               .arguments = {node, keys_.changes(partition), std::to_string(kMost)}},
              [more = std::move(more)](const Answer& answer) mutable {
                if (answer) more(answer->number != 0);
              });
}

void PresenceIndex::beat(const std::string& node, bool fresh, std::move_only_function<void(std::optional<bool>)> on) {
  client_.run(beat_script(),
              {.keys = {keys_.nodes(), keys_.dead_nodes()},
               .arguments = {node, std::to_string(times_.lease.count()), fresh ? "1" : "0"}},
              [on = std::move(on)](const Answer& answer) mutable {
                on(answer ? std::optional(answer->number == 1) : std::nullopt);
              });
}

void PresenceIndex::end_lease(const std::string& node) {
  client_.run(end_lease_script(), {.keys = {keys_.nodes()}, .arguments = {node}}, [](const Answer&) {});
}

void PresenceIndex::sweep(std::move_only_function<void(std::vector<std::string>)> on) {
  client_.run(sweep_script(),
              {.keys = {keys_.nodes(), keys_.dead_nodes()}, .arguments = {std::to_string(times_.grace.count())}},
              [on = std::move(on)](Answer answer) mutable {
                if (answer) on(texts_in(*answer));
              });
}

void PresenceIndex::bury(const std::string& node) {
  client_.run(bury_script(), {.keys = {keys_.nodes(), keys_.dead_nodes()}, .arguments = {node}}, [](const Answer&) {});
}

void PresenceIndex::forget(const std::string& node) {
  client_.send({"SREM", keys_.dead_nodes(), node}, [](const Answer&) {});
}

void PresenceIndex::snapshot(unsigned partition, std::move_only_function<void(std::optional<Snapshot>)> on) {
  client_.run(snapshot_script(), {.keys = {keys_.online(partition), keys_.version(partition)}, .arguments = {}},
              [on = std::move(on)](Answer answer) mutable {
                if (!answer || answer->elements.size() != 3) return on(std::nullopt);
                Reply &epoch = answer->elements[0], &number = answer->elements[1], &users = answer->elements[2];
                on(Snapshot{.version = {std::move(epoch.text), number_in(number.text)}, .users = texts_in(users)});
              });
}

void PresenceIndex::version(unsigned partition, std::move_only_function<void(std::optional<Version>)> on) {
  client_.send({"HMGET", keys_.version(partition), "epoch", "ver"}, [on = std::move(on)](Answer answer) mutable {
    if (!answer || answer->elements.size() != 2) return on(std::nullopt);
    on(Version{std::move(answer->elements[0].text), number_in(answer->elements[1].text)});
  });
}

std::optional<Change> read_change(std::string_view payload) {
  constexpr std::size_t kDepth = 2;
  if (!valid_json(payload, kDepth)) return std::nullopt;
  Change change;
  JsonItems members(payload);
  while (const auto value = members.is_object() ? members.next() : std::nullopt) {
    if (members.named("e")) change.version.epoch = text_of(*value);
    if (members.named("v")) change.version.number = number_in(*value);
    if (members.named("up")) change.up = texts_of(*value);
    if (members.named("down")) change.down = texts_of(*value);
  }
  if (change.version.epoch.empty() || change.version.number == 0) return std::nullopt;
  return change;
}

}  // namespace signalbox::cluster
