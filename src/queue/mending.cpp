#include "queue/mending.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "base/whole_number.hpp"

namespace signalbox::queue {
namespace {

struct List {
  std::string_view name;
  JobStep::Kind kind;
  std::string_view field;  ///< of a job's hash
};
constexpr std::array<List, 2> kLists = {
    {{"completed", JobStep::Kind::completed, "returnvalue"}, {"failed", JobStep::Kind::failed, "failedReason"}}};

// KEYS: the list. ARGV: from which time, how many of that are skipped, how many are wanted, how the names of jobs'
// hashes begin, which field has the result, and its most bytes. Returns of each: id, time, result or nothing, its size.
const redis::Script& page_script() {
  static const redis::Script script(R"(
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', ARGV[2], ARGV[3])
local left, most = 16 * 1024 * 1024, tonumber(ARGV[6])
local out = {}
for i = 1, #ids, 2 do
  local key, value = ARGV[4] .. ids[i], false
  local size = redis.pcall('HSTRLEN', key, ARGV[5])
  if type(size) ~= 'number' then size = 0 end
  if size > 0 and size <= most then
    if size > left and i > 1 then break end
    left = left - size
    value = redis.call('HGET', key, ARGV[5])
  end
  out[#out + 1] = {ids[i], ids[i + 1], value, size}
end
return out
)");
  return script;
}

}  // namespace

Mending::Mending(redis::Client& commands, const QueueKeys& keys, std::size_t max_value)
    : commands_(commands), keys_(keys), max_value_(std::to_string(max_value)) {}

void Mending::begin(std::uint64_t from_ms) {
  drop();
  list_ = 0;
  begin_ms_ = from_ms_ = from_ms;
  offset_ = 0;
}

void Mending::drop() {
  then_ = {};
  ++number_;
}

void Mending::next(Then then) {
  then_ = std::move(then);
  ask();
}

void Mending::ask() {
  if (list_ == kLists.size()) return std::exchange(then_, {})(std::vector<JobStep>());
  const List& list = kLists[list_];
  commands_.run(page_script(),
                {.keys = {keys_.job(list.name)},
                 .arguments = {std::to_string(from_ms_), std::to_string(offset_), std::to_string(kPage), keys_.theirs,
                               std::string(list.field), max_value_}},
                [this, number = ++number_](redis::Answer answer) {
                  if (number != number_ || !then_) return;
                  if (!answer) return std::exchange(then_, {})(std::unexpected(std::move(answer.error())));
                  take(*answer);
                });
}

// The next page begins behind the first of this one's last time; what it gives once more, the sink knows.
void Mending::take(redis::Reply& page) {
  std::vector<JobStep> steps;
  std::uint64_t last = from_ms_;
  for (redis::Reply& row : page.elements) {
    if (row.elements.size() != 4) continue;
    redis::Reply& value = row.elements[2];
    last = whole_number<std::uint64_t>(row.elements[1].text).value_or(last);
    steps.push_back({.kind = kLists[list_].kind,
                     .job = std::move(row.elements[0].text),
                     .value = std::move(value.text),
                     .finished_ms = static_cast<std::int64_t>(last),
                     .truncated = value.is_nil() && row.elements[3].number > 0,
                     .mended = true});
  }
  if (steps.empty()) {
    ++list_;
    from_ms_ = begin_ms_;
    offset_ = 0;
    return ask();
  }
  offset_ = last == from_ms_ ? offset_ + steps.size() : 1;
  from_ms_ = last;
  std::exchange(then_, {})(std::move(steps));
}

}  // namespace signalbox::queue
