#include "queue/mending.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace signalbox::queue {
namespace {

struct List {
  std::string_view name;
  JobStep::Kind kind;
  std::string_view field;  ///< of a job's hash
};
constexpr std::array<List, 2> kLists = {
    {{"completed", JobStep::Kind::completed, "returnvalue"}, {"failed", JobStep::Kind::failed, "failedReason"}}};

// KEYS: the list. ARGV: from which time, the job of that time behind which the page begins (else with the first), how
// many are wanted, how the names of jobs' hashes begin, which field has the result, and its most bytes. Returns of
// each: id, time, result or nothing, its size.
const redis::Script& page_script() {
  static const redis::Script script(R"(
local list, from, job, most_jobs = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local ids
if job ~= '' and redis.call('ZSCORE', list, job) == from then
  local rank = redis.call('ZRANK', list, job)
  ids = redis.call('ZRANGE', list, rank + 1, rank + most_jobs, 'WITHSCORES')
else
  ids = redis.call('ZRANGEBYSCORE', list, from, '+inf', 'WITHSCORES', 'LIMIT', 0, most_jobs)
end
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
  from_ = begin_ = std::to_string(from_ms);
  job_.clear();
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
                 .arguments = {from_, job_, std::to_string(kPage), keys_.theirs, std::string(list.field), max_value_}},
                [this, number = ++number_](redis::Answer answer) {
                  if (number != number_ || !then_) return;
                  if (!answer) return std::exchange(then_, {})(std::unexpected(std::move(answer.error())));
                  take(*answer);
                });
}

// Whoever was trimmed meanwhile moves nobody past the next page: at worst it gives once more what the sink knows.
void Mending::take(redis::Reply& page) {
  std::vector<JobStep> steps;
  for (redis::Reply& row : page.elements) {
    if (row.elements.size() != 4) continue;
    job_ = row.elements[0].text;
    from_ = row.elements[1].text;
    redis::Reply& value = row.elements[2];
    steps.push_back({.kind = kLists[list_].kind,
                     .job = job_,
                     .value = std::move(value.text),
                     .finished_ms = job_time(from_).value_or(0),
                     .truncated = value.is_nil() && row.elements[3].number > 0,
                     .mended = true});
  }
  if (!steps.empty()) return std::exchange(then_, {})(std::move(steps));
  ++list_;
  from_ = begin_;
  job_.clear();
  ask();
}

}  // namespace signalbox::queue
