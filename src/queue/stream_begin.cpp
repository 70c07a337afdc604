#include "queue/stream_begin.hpp"

#include <algorithm>

namespace signalbox::queue {

// `entries-added` is not known to Redis before 7.
const redis::Script& stream_state_script() {
  static const redis::Script script(R"(
if redis.call('EXISTS', KEYS[1]) == 0 then return {'0-0', false, 0, 0, 0} end
local info = redis.call('XINFO', 'STREAM', KEYS[1])
local of = {}
for i = 1, #info, 2 do of[info[i]] = info[i + 1] end
local first = of['first-entry'] and of['first-entry'][1] or false
local trimmed = of['entries-added'] == nil or of['entries-added'] > of['length']
local at_position = #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
return {of['last-generated-id'], first, trimmed and 1 or 0, at_position, of['length']}
)");
  return script;
}

std::optional<StreamState> read_stream_state(const redis::Reply& answer) {
  if (answer.elements.size() != 5) return std::nullopt;
  const auto last = StreamId::parse(answer.elements[0].text);
  if (!last) return std::nullopt;
  return StreamState{.last = *last,
                     .first = StreamId::parse(answer.elements[1].text),
                     .trimmed = answer.elements[2].number != 0,
                     .has_position = answer.elements[3].number != 0,
                     .length = static_cast<std::size_t>(answer.elements[4].number)};
}

bool has_gap(const StreamState& stream, StreamId position) {
  if (stream.has_position || !stream.trimmed) return false;
  return stream.first ? before(*stream.first) > position : stream.last > position;
}

// An id below the stored one: Redis lost its memory, or the queue was made anew.
StreamBegin begin_of(const StreamState& stream, std::optional<StreamId> stored, std::optional<StreamId> since) {
  if (stored && stream.last < *stored) return {.gap = has_gap(stream, {})};
  const StreamId at = stored ? *stored : std::min(since.value_or(stream.last), stream.last);
  return {.at = at, .gap = has_gap(stream, at)};
}

}  // namespace signalbox::queue
