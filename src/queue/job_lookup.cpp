#include "queue/job_lookup.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "queue/job_step.hpp"

namespace signalbox::queue {
namespace {

constexpr std::size_t kMostData = 256 * 1024;             ///< of a job, among others; more is read by itself
constexpr std::size_t kMostLargeData = 32 * 1024 * 1024;  ///< of a job by itself; more names no user

// KEYS: hashes of jobs. ARGV: for each key what is wanted, as Want says; and the most bytes of a job's data and of its
// result that are answered. Returns of each, nothing if it is no hash: when it was made and when it ended, its parent's
// hash, whether it has a result, that result, its data, and how large that is. What does not fit into one answer is
// left out.
const redis::Script& hashes_script() {
  static const redis::Script script(R"(
local left, most = 8 * 1024 * 1024, tonumber(ARGV[2])
local function small(key, field, size)
  if size > most or size > left then return false end
  left = left - size
  return redis.call('HGET', key, field)
end
local out = {}
for i, key in ipairs(KEYS) do
  local found, size = {}, redis.pcall('HLEN', key)
  local wanted = string.byte(ARGV[1], i)
  if type(size) == 'number' and size > 0 then
    found = redis.call('HMGET', key, 'timestamp', 'finishedOn', 'parentKey')
    if found[3] and #found[3] > 1024 then found[3] = false end
    size = redis.call('HSTRLEN', key, 'returnvalue')
    found[4] = size > 0 and 1 or 0
    found[5] = wanted >= 50 and size > 0 and small(key, 'returnvalue', size)
    if wanted % 2 == 1 then
      found[7] = redis.call('HSTRLEN', key, 'data')
      found[6] = small(key, 'data', found[7])
    end
  end
  out[i] = found
end
return out
)");
  return script;
}

/// A digit of the script's first argument: the sum of these.
enum Want : std::uint8_t { end = 0, user = 1, result = 2 };

char wanted_of(const JobWanted& job, bool parent) {
  return static_cast<char>('0' + (job.user ? Want::user : Want::end) +
                           (job.with_result && !parent ? Want::result : Want::end));
}

/// Is it the key that is refused, and not for now alone?
bool is_of_a_key(const redis::Error& why) {
  return why.code == "NOPERM" || why.code == "CROSSSLOT";
}

std::int64_t time_in(const redis::Reply& reply) {
  return job_time(reply.text).value_or(0);
}

}  // namespace

JobLookup::JobLookup(redis::Client& commands, const QueueKeys& keys, const JsonPaths& users)
    : commands_(commands), keys_(keys), users_(users) {}

void JobLookup::begin(std::vector<JobWanted> jobs, Then then) {
  jobs_ = std::move(jobs);
  then_ = std::move(then);
  ++number_;
  round_ = 0;
  failed_.reset();
  std::vector<Row> hashes;
  std::vector<std::size_t> remembered;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (jobs_[i].hash) hashes.push_back({.job = i, .key = keys_.job(jobs_[i].job)});
    if (jobs_[i].remembered) remembered.push_back(i);
  }
  ++unanswered_;  // so that no round ends before all is sent
  read_hashes(std::move(hashes));
  read_memory(std::move(remembered));
  end_round();
}

void JobLookup::drop() {
  then_ = {};
  ++number_;
  unanswered_ = 0;
  next_.clear();
  large_.clear();
}

/// Counts the answer; the last of a round begins the next.
template <class Take, class Refused>
redis::OnAnswer JobLookup::on_answer(Take take, Refused refused) {
  ++unanswered_;
  return [this, number = number_, take = std::move(take), refused = std::move(refused)](redis::Answer answer) mutable {
    if (number != number_) return;
    if (answer) {
      take(*answer);
    } else if (answer.error().kind == redis::Error::Kind::refused) {
      refused(std::move(answer.error()));
    } else {
      fail(std::move(answer.error()));
    }
    end_round();
  };
}

template <class Take>
redis::OnAnswer JobLookup::on_answer(Take take) {
  return on_answer(std::move(take), [this](redis::Error why) { fail(std::move(why)); });
}

void JobLookup::read_hashes(std::vector<Row> rows) {
  for (std::size_t i = 0; i < rows.size(); i += kKeysPerScript) {
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(kKeysPerScript, rows.size() - i));
    read_some({std::make_move_iterator(begin), std::make_move_iterator(end)});
  }
}

void JobLookup::read_some(std::vector<Row> rows) {
  redis::ScriptCall call{.keys = {}, .arguments = {std::string(), std::to_string(kMostData)}};
  call.keys.reserve(rows.size());
  const bool parents = round_ > 0;
  for (const Row& row : rows) {
    call.keys.push_back(row.key);
    call.arguments[0] += wanted_of(jobs_[row.job], parents);
  }
  const auto of = std::make_shared<std::vector<Row>>(std::move(rows));
  commands_.run(hashes_script(), std::move(call),
                on_answer([this, of](redis::Reply& found) { take_hashes(*of, found); },
                          [this, of, parents](redis::Error why) {
                            if (!parents || !is_of_a_key(why)) return fail(std::move(why));
                            if (of->size() > 1) read_each(std::move(*of));
                          }));
}

// A parent's key is any text, so one may be refused: that one names no user.
void JobLookup::read_each(std::vector<Row> rows) {
  for (Row& row : rows) {
    std::vector<Row> one;
    one.push_back(std::move(row));
    read_some(std::move(one));
  }
}

void JobLookup::take_hashes(const std::vector<Row>& rows, redis::Reply& found) {
  for (std::size_t i = 0; i < std::min(rows.size(), found.elements.size()); ++i) take_hash(rows[i], found.elements[i]);
}

// Of a parent only its user counts.
void JobLookup::take_hash(const Row& row, redis::Reply& found) {
  enum Field : std::uint8_t { made_at, ended_at, parent_key, has_result, result_text, data_text, data_size, fields };
  if (found.elements.empty()) return;
  found.elements.resize(fields);
  JobWanted& job = jobs_[row.job];
  auto& of = found.elements;
  if (time_in(of[made_at]) > job.at_ms + kClocksDiffer) return;
  if (round_ == 0) {
    job.has_hash = true;
    job.made_ms = time_in(of[made_at]);
    job.finished_ms = time_in(of[ended_at]);
    job.completed = of[has_result].number != 0;
    if (!of[result_text].is_nil()) job.result = std::move(of[result_text].text);
  }
  if (!job.user) return;
  Row next{.job = row.job, .key = std::move(of[parent_key].text)};
  if (!of[data_text].is_nil()) return take_data(std::move(next), of[data_text].text);
  const bool by_itself = static_cast<std::size_t>(of[data_size].number) <= kMostLargeData;
  if (by_itself) large_.push_back({.hash = row.key, .parent = std::move(next)});
}

void JobLookup::take_data(Row parent, std::string_view data) {
  JobWanted& job = jobs_[parent.job];
  job.found_user = users_.find(kJobData, data).value_or("");
  if (job.found_user.empty() && !parent.key.empty()) next_.push_back(std::move(parent));
}

// One after the other, so that they are not in memory together.
void JobLookup::read_large() {
  if (large_.empty()) return;
  Large one = std::move(large_.back());
  large_.pop_back();
  const redis::Command command{"HGET", one.hash, "data"};
  commands_.send(command, on_answer([this, parent = std::move(one.parent)](const redis::Reply& data) mutable {
                   take_data(std::move(parent), data.text);
                   read_large();
                 }));
}

// What was remembered lies under the day on which it was: yesterday, today, or by a clock that is ahead tomorrow.
void JobLookup::read_memory(std::vector<std::size_t> jobs) {
  if (jobs.empty()) return;
  for (std::size_t i = 0; i < jobs.size(); ++i) jobs_[jobs[i]].remembered = true;
  for (const std::int64_t day : remembered_days()) {
    const std::string key = keys_.jobs(day);
    redis::Command command{"HMGET", key};
    for (const std::size_t job : jobs) command.push_back(jobs_[job].job);
    commands_.send(command, on_answer([this, jobs](const redis::Reply& found) { take_memory(jobs, found); }));
  }
}

void JobLookup::take_memory(const std::vector<std::size_t>& jobs, const redis::Reply& found) {
  for (std::size_t i = 0; i < std::min(jobs.size(), found.elements.size()); ++i) {
    if (auto memory = RememberedJob::parse(found.elements[i].text)) jobs_[jobs[i]].memory = std::move(memory);
  }
}

void JobLookup::end_round() {
  if (--unanswered_ != 0) return;
  if (failed_) return finish();
  if (!large_.empty()) return read_large();
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    const JobWanted& job = jobs_[i];
    if (job.user && !job.has_hash && !job.remembered) unknown.push_back(i);
  }
  auto parents = std::exchange(next_, {});
  if (++round_ == kMostRounds) parents.clear();
  if (parents.empty() && unknown.empty()) return finish();
  ++unanswered_;
  read_hashes(std::move(parents));
  read_memory(std::move(unknown));
  end_round();
}

void JobLookup::finish() {
  Then then = std::exchange(then_, {});
  auto jobs = std::exchange(jobs_, {});
  next_.clear();
  large_.clear();
  if (failed_) return then(std::unexpected(std::move(*failed_)));
  then(std::move(jobs));
}

}  // namespace signalbox::queue
