#include "queue/queue_since.hpp"

namespace signalbox::queue {

const redis::Script& since_script() {
  static const redis::Script script(R"(
local since = redis.call('GET', KEYS[1])
if since then return since end
since = ARGV[1]
if since == '' then
  local time = redis.call('TIME')
  since = string.format('%d-0', time[1] * 1000 + math.floor(time[2] / 1000))
end
redis.call('SET', KEYS[1], since)
return since
)");
  return script;
}

}  // namespace signalbox::queue
