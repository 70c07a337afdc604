#include "cluster/outcome_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

#include "base/random.hpp"
#include "base/whole_number.hpp"

namespace signalbox::cluster {
namespace {

using redis::Answer;
using redis::Reply;
using redis::Script;
using redis::ScriptCall;

/// So soon all nodes that hear an emitter have heard it: what comes later was emitted again.
constexpr Milliseconds kAllHear{2000};

// KEYS in all of these: the order, the packets, the receipts of what is there, the progress, the jobs, what is over,
// what emitters were heard of last.
constexpr std::string_view kTakeOut = R"(
local function take_out(name)
  for _, key in ipairs({KEYS[1], KEYS[3]}) do redis.call('ZREM', key, name) end
  redis.call('HDEL', KEYS[2], name)
  local job = redis.call('HGET', KEYS[5], name)
  redis.call('HDEL', KEYS[5], name)
  if job and redis.call('HGET', KEYS[5], '=' .. job) == name then redis.call('HDEL', KEYS[5], '=' .. job) end
  redis.call('HDEL', KEYS[5], '-' .. name)
end
local function keep_for(ttl)
  for _, key in ipairs({KEYS[1], KEYS[2], KEYS[3], KEYS[5], KEYS[6]}) do redis.call('PEXPIRE', key, ttl) end
end
)";

// A job has one outcome: the newest, or the one whose node knew the other, which is marked ("-name") so that it does
// not come back. Those past their time go as well, by the clock of who offers
// and that of Redis: one that is ahead ends nobody's. The answer begins with a How.
const Script& offer_script() {
  static const Script script(std::string(kTakeOut) + R"(
local name, time, event, ttl, job, replaces = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local most, all_hear = tonumber(ARGV[7]), tonumber(ARGV[8])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local first = false
if all_hear > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', now - all_hear)
  first = redis.call('ZADD', KEYS[7], 'NX', now, name) == 1
  redis.call('PEXPIRE', KEYS[7], 2 * all_hear)
  if first then
    redis.call('ZREM', KEYS[3], name)
    redis.call('ZREM', KEYS[6], name, '-' .. name)
  end
end
local received = redis.call('ZSCORE', KEYS[3], name) or redis.call('ZSCORE', KEYS[6], name)
if received then return {1, received, ''} end
if redis.call('ZSCORE', KEYS[6], '-' .. name) then return {2, '0', ''} end
local before = redis.call('HGET', KEYS[5], '=' .. job) or ''
if before == name then before = '' end
local newer = before ~= '' and before ~= replaces and redis.call('ZSCORE', KEYS[1], before)
if newer and tonumber(newer) > tonumber(time) then
  redis.call('ZADD', KEYS[6], newer, '-' .. name)
  keep_for(ttl)
  return {2, '0', ''}
end
local past = math.min(tonumber(time), now) - ttl
for _, old in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', past, 'BYSCORE', 'LIMIT', 0, 200)) do take_out(old) end
local function unread(one) return redis.call('ZSCORE', KEYS[1], one) and not redis.call('ZSCORE', KEYS[3], one) end
if redis.call('ZCARD', KEYS[1]) - redis.call('ZCARD', KEYS[3]) >= most
    and not (unread(name) or unread(before) or unread(replaces)) then return {3, '0', ''} end
for _, old in ipairs({before, replaces}) do
  if old ~= '' then
    take_out(old)
    redis.call('ZADD', KEYS[6], 'NX', time, '-' .. old)
  end
end
if before ~= '' or replaces ~= '' then redis.call('HSET', KEYS[5], '-' .. name, before .. ' ' .. replaces) end
if redis.call('ZADD', KEYS[1], time, name) == 1 or first then redis.call('HDEL', KEYS[4], job) end
redis.call('HSET', KEYS[2], name, event)
redis.call('HSET', KEYS[5], name, job, '=' .. job, name)
keep_for(ttl)
return {0, '0', before}
)");
  return script;
}

// What was received too long ago to be told again goes: more of it at a time than may come at a time, so that none
// stays. That it was received is known for as long as it may be offered again.
const Script& received_script() {
  static const Script script(std::string(kTakeOut) + R"(
local at, ttl, replay, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
for i = 5, #ARGV do
  local there = redis.call('ZSCORE', KEYS[1], ARGV[i])
  redis.call('ZADD', there and KEYS[3] or KEYS[6], 'NX', at, ARGV[i])
end
redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', at - ttl)
keep_for(ttl)
local old = redis.call('ZRANGE', KEYS[3], '-inf', at - replay, 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
for i = 1, #old, 2 do
  take_out(old[i])
  redis.call('ZADD', KEYS[6], old[i + 1], old[i])
end
return 1
)");
  return script;
}

// What it had replaced may be offered again.
const Script& withdraw_script() {
  static const Script script(std::string(kTakeOut) + R"(
local replaced = redis.call('HGET', KEYS[5], '-' .. ARGV[1]) or ''
for name in string.gmatch(replaced, '%S+') do redis.call('ZREM', KEYS[6], '-' .. name) end
take_out(ARGV[1])
return 1
)");
  return script;
}

const Script& progress_script() {
  static const Script script(R"(
local job, event, time, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local outcome = redis.call('HGET', KEYS[5], '=' .. job)
local ended = outcome and redis.call('ZSCORE', KEYS[1], outcome)
if ended and tonumber(ended) >= tonumber(time) then return 0 end
redis.call('HSET', KEYS[4], job, event)
return redis.call('PEXPIRE', KEYS[4], ttl)
)");
  return script;
}

// So many behind that one, or fewer where they are large: an answer of Redis has a bound. If that one has gone, from
// the first of its time on.
const Script& read_script() {
  static const Script script(R"(
local after, time, most = ARGV[1], ARGV[2], ARGV[3]
local begin = 0
if after ~= '' then
  local rank = redis.call('ZRANK', KEYS[1], after)
  begin = rank and rank + 1 or redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. time)
end
local out, bytes = {}, 0
local names = redis.call('ZRANGE', KEYS[1], begin, begin + most - 1, 'WITHSCORES')
for i = 1, #names, 2 do
  local event = redis.call('HGET', KEYS[2], names[i]) or ''
  out[#out + 1] = {names[i], names[i + 1], redis.call('ZSCORE', KEYS[3], names[i]) or '0', event}
  bytes = bytes + #event
  if bytes > 1048576 then break end
end
return {out, after == '' and redis.call('HVALS', KEYS[4]) or {}, (2 * #out < #names or #names == 2 * most) and 1 or 0}
)");
  return script;
}

std::vector<std::string> all_keys(const Keys& keys, std::string_view user) {
  Keys::OfUser of = keys.jobs_of(user);
  return {std::move(of.order), std::move(of.packets), std::move(of.received), std::move(of.progress),
          std::move(of.jobs),  std::move(of.over),    std::move(of.emitted)};
}

/// A score, which may have been written with an exponent. Nothing: it is no time.
std::optional<std::int64_t> time_in(std::string_view text) {
  constexpr double kMost = 1e15;
  double value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= kMost)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

OutcomeIndex::How how_in(std::int64_t number) {
  using How = OutcomeIndex::How;
  return number == 1 ? How::received : number == 2 ? How::replaced : number == 3 ? How::no_room : How::unread;
}

}  // namespace

std::string OutcomeName::text() const {
  return fmt::format("{}:{:016x}", home, row);
}

std::optional<OutcomeName> OutcomeName::read(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  OutcomeName name{.home = std::string(text.substr(0, colon)), .row = 0};
  const std::string_view digits = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), name.row, 16);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  return whole && name.valid() ? std::optional(std::move(name)) : std::nullopt;
}

void OutcomeIndex::offer(const Offer& offer, Milliseconds patience,
                         std::move_only_function<void(std::optional<Entered>)> on) {
  client_.run(
      offer_script(),
      {.keys = all_keys(keys_, offer.user),
       .arguments = {offer.name.text(), std::to_string(offer.time), offer.event, std::to_string(kept_.outcome_ttl),
                     offer.job_id, offer.replaces ? offer.replaces->text() : std::string(),
                     std::to_string(offer.accepted ? SIZE_MAX : kept_.unread),
                     std::to_string(offer.name.home == OutcomeName::kEmitter ? kAllHear.count() : 0)}},
      [on = std::move(on)](const Answer& answer) mutable {
        if (!answer || answer->elements.size() != 3) return on(std::nullopt);
        on(Entered{.how = how_in(answer->elements[0].number),
                   .received_at = time_in(answer->elements[1].text).value_or(0),
                   .replaced = OutcomeName::read(answer->elements[2].text)});
      },
      patience);
}

void OutcomeIndex::withdraw(const std::string& user, const OutcomeName& name) {
  client_.run(withdraw_script(), {.keys = all_keys(keys_, user), .arguments = {name.text()}}, [](const Answer&) {});
}

// So many at a time, so that no script takes long.
void OutcomeIndex::received(const std::string& user, std::vector<OutcomeName> names, std::int64_t at,
                            std::move_only_function<void(bool)> on) {
  ScriptCall call{.keys = all_keys(keys_, user),
                  .arguments = {std::to_string(at), std::to_string(kept_.outcome_ttl), std::to_string(kept_.replay),
                                std::to_string(2 * kPage)}};
  const std::size_t some = std::min(names.size(), kPage);
  for (const OutcomeName& name : std::span(names).first(some)) call.arguments.push_back(name.text());
  names.erase(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(some));
  client_.run(received_script(), std::move(call),
              [this, user, names = std::move(names), at, on = std::move(on)](const Answer& answer) mutable {
                if (!answer || names.empty()) return on(answer.has_value());
                received(user, std::move(names), at, std::move(on));
              });
}

void OutcomeIndex::progress(const std::string& user, const std::string& job_id, const std::string& event,
                            std::int64_t time, std::move_only_function<void(bool)> on) {
  client_.run(progress_script(),
              {.keys = all_keys(keys_, user),
               .arguments = {job_id, event, std::to_string(time), std::to_string(kept_.progress_ttl)}},
              [on = std::move(on)](const Answer& answer) mutable { on(answer.has_value()); });
}

void OutcomeIndex::jobs_of(const std::string& user, Milliseconds patience,
                           std::move_only_function<void(std::optional<IndexedJobs>)> on) {
  read_page({.user = user, .patience = patience, .on = std::move(on)});
}

void OutcomeIndex::read_page(Reading reading) {
  std::vector<std::string> keys = all_keys(keys_, reading.user);
  std::vector<std::string> arguments = {reading.last_name, reading.last_time, std::to_string(kPage)};
  const Milliseconds patience = reading.patience;
  auto on_page = [this, reading = std::move(reading)](Answer answer) mutable {
    if (!answer || answer->elements.size() != 3) return reading.on(std::nullopt);
    std::vector<Reply>& page = answer->elements[0].elements;
    for (Reply& each : page) {
      if (each.elements.size() != 4) continue;
      reading.last_name = each.elements[0].text;
      reading.last_time = each.elements[1].text;
      auto name = OutcomeName::read(each.elements[0].text);
      const auto time = time_in(each.elements[1].text), received_at = time_in(each.elements[2].text);
      if (!name || !time || !received_at || each.elements[3].text.empty()) continue;
      reading.bytes += each.elements[3].text.size();
      if (received_at == 0) ++reading.unread;
      reading.found.outcomes.push_back({.name = *std::move(name),
                                        .time = *time,
                                        .received_at = *received_at,
                                        .event = std::move(each.elements[3].text)});
    }
    for (Reply& each : answer->elements[1].elements) reading.found.progress.push_back(std::move(each.text));
    const bool enough = reading.unread >= kept_.unread || reading.bytes >= kept_.bytes;
    const bool more = answer->elements[2].number != 0 && !page.empty();
    if (more && !enough) return read_page(std::move(reading));
    reading.found.whole = !more;
    reading.on(std::move(reading.found));
  };
  client_.run(read_script(), {.keys = std::move(keys), .arguments = std::move(arguments)}, std::move(on_page),
              patience);
}

// Made by whoever finds none: it is there as long as Redis has its memory.
void OutcomeIndex::epoch(std::move_only_function<void(std::optional<std::string>)> on) {
  constexpr std::size_t kRandomBytes = 9;
  const std::string ours = random_id(kRandomBytes), key = keys_.epoch();
  client_.send({"SET", key, ours, "NX"}, [](const Answer&) {});
  client_.send({"GET", key}, [on = std::move(on)](Answer answer) mutable {
    if (!answer || answer->is_nil()) return on(std::nullopt);
    on(std::move(answer->text));
  });
}

}  // namespace signalbox::cluster
