#include "cluster/presence_lua.hpp"

#include <string>
#include <string_view>

namespace signalbox::cluster {
namespace {

using redis::Script;

constexpr std::string_view kUsers = R"(
local on, mine, version = KEYS[1], KEYS[2], KEYS[3]
local node, channel = ARGV[1], ARGV[2]
local time = redis.call('TIME')
redis.call('HSETNX', version, 'epoch', time[1] .. '.' .. time[2])
local changed = {}
local function set(user, state)
  local before = redis.call('HGET', on, user) or ''
  local entry = state and node .. ':' .. state
  local nodes = {}
  for each in string.gmatch(before, '%S+') do
    if string.sub(each, 1, #node + 1) == node .. ':' then
      each, entry = entry, nil
    end
    nodes[#nodes + 1] = each
  end
  nodes[#nodes + 1] = entry
  local now = table.concat(nodes, ' ')
  if now == before then return end
  if now == '' then redis.call('HDEL', on, user) else redis.call('HSET', on, user, now) end
  changed[user] = now
end
local function publish()
  if next(changed) == nil then return end
  local number = redis.call('HINCRBY', version, 'ver', 1)
  local epoch = redis.call('HGET', version, 'epoch')
  redis.call('PUBLISH', channel, cjson.encode({e = epoch, v = number, s = changed}))
end
)";

constexpr std::string_view kClock = R"(
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
)";

constexpr std::string_view kBury = R"(
local function bury(node)
  redis.call('SADD', KEYS[2], node)
  redis.call('ZREM', KEYS[1], node)
  redis.call('HDEL', KEYS[3], node)
end
)";

}  // namespace

const Script& tell_script() {
  static const Script script(std::string(kUsers) + R"(
for i = 3, #ARGV, 2 do
  local user, state = ARGV[i], ARGV[i + 1]
  if state == 'none' then
    redis.call('SREM', mine, user)
    set(user, nil)
  else
    redis.call('SADD', mine, user)
    set(user, state)
  end
end
publish()
return 0
)");
  return script;
}

const Script& reap_script() {
  static const Script script(std::string(kUsers) + R"(
for _, user in ipairs(redis.call('SPOP', mine, ARGV[3])) do set(user, nil) end
publish()
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
return {epoch, redis.call('HGET', KEYS[2], 'ver') or '0', redis.call('HGETALL', KEYS[1])}
)");
  return script;
}

const Script& beat_script() {
  static const Script script(std::string(kClock) + R"(
local node, lease, about = ARGV[1], ARGV[2], ARGV[3]
if redis.call('SISMEMBER', KEYS[2], node) == 1 then return 0 end
if about then
  redis.call('HSET', KEYS[3], node, about)
elseif not redis.call('ZSCORE', KEYS[1], node) then
  return 0
end
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
  static const Script script(std::string(kClock) + std::string(kBury) + R"(
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])) do bury(node) end
return redis.call('SMEMBERS', KEYS[2])
)");
  return script;
}

const Script& bury_script() {
  static const Script script(std::string(kBury) + R"(
bury(ARGV[1])
return 0
)");
  return script;
}

const Script& bury_unknown_script() {
  static const Script script(std::string(kBury) + R"(
for _, node in ipairs(ARGV) do
  if not redis.call('ZSCORE', KEYS[1], node) then bury(node) end
end
return 0
)");
  return script;
}

const Script& nodes_script() {
  static const Script script(std::string(kClock) + R"(
local nodes = {}
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now + 1, '+inf')) do
  nodes[#nodes + 1] = node
  nodes[#nodes + 1] = redis.call('ZSCORE', KEYS[1], node) - now
  nodes[#nodes + 1] = redis.call('HGET', KEYS[3], node) or ''
end
return nodes
)");
  return script;
}

// A node that is newer or older by one leaves its own version behind, so that the release after or before it finds a
// neighbour.
const Script& agree_script() {
  static const Script script(R"(
local partitions, protocol = ARGV[1], ARGV[2]
redis.call('HSETNX', KEYS[1], 'partitions', partitions)
redis.call('HSETNX', KEYS[1], 'protocol', protocol)
local there = redis.call('HMGET', KEYS[1], 'partitions', 'protocol')
if there[1] == partitions and math.abs(tonumber(there[2]) - protocol) == 1 then
  redis.call('HSET', KEYS[1], 'protocol', protocol)
end
return there
)");
  return script;
}

}  // namespace signalbox::cluster
