#include "queue/outbox_source.hpp"
#include "users/encode.hpp"

#include <algorithm>
#include <utility>

namespace signalbox::queue {
namespace {

constexpr std::size_t kMostAtOnce = 100, kMostInFlight = 500;
constexpr std::size_t kMostKnown = 10'000;  ///< entries that are told, but cannot be deleted
constexpr std::int64_t kMostDead = 10'000;  ///< about
constexpr std::size_t kAnswerBytes = 48 * 1024 * 1024;
constexpr std::size_t kBesideData = 4096;                               ///< of an entry beside its data
constexpr std::size_t kMostValues = redis::ReplyLimits{}.elements - 6;  ///< of an entry, in an answer of it alone
constexpr std::string_view kBlockMs = "2000", kBeginning = "0-0", kFirst = "-";
constexpr Milliseconds kPatience{7000}, kPause{1000};

// Moves an entry to the dead. Of one that is too large, or has too many fields, only small ones are kept. "-" is the
// first one, which is left where it is unless it is such a one.
// KEYS: the stream, the dead. ARGV: the entry, why, most bytes, most dead, most values.
const redis::Script& bury_script() {
  static const redis::Script script(R"(
local first = ARGV[1] == '-'
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], first and '+' or ARGV[1], 'COUNT', 1)[1]
if not entry then return 0 end
local bytes = 0
for _, text in ipairs(entry[2]) do bytes = bytes + #text end
local large = bytes > tonumber(ARGV[3]) or #entry[2] > tonumber(ARGV[5])
if first and not large then return 0 end
local fields = {'id', entry[1], 'reason', ARGV[2]}
for i = 1, #entry[2], 2 do
  local name, value = entry[2][i], entry[2][i + 1]
  if #fields < 40 and (not large or #name + #value <= 512) then
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', unpack(fields))
redis.call('XDEL', KEYS[1], entry[1])
return redis.call('XLEN', KEYS[2])
)");
  return script;
}

redis::ConnectionOptions stream_connection(const OutboxLimits& limits) {
  redis::ConnectionOptions out;
  out.replies.bytes = std::max(out.replies.bytes, limits.data_bytes + kAnswerBytes);
  return out;
}

std::size_t entries_at_once(const OutboxLimits& limits) {
  return std::clamp<std::size_t>(kAnswerBytes / (limits.data_bytes + kBesideData), 1, kMostAtOnce);
}

}  // namespace

OutboxSource::OutboxSource(redis::ClientThread& thread, Sink& sink, OutboxOptions options)
    : LeasedSource(thread, options.common,
                   {.kind = "stream",
                    .key = options.stream,
                    .name = options.stream,
                    .source = "stream",
                    .away = "the stream's Redis is away: it is not read",
                    .listener = stream_connection(options.limits)}),
      options_(std::move(options)),
      dead_(options_.stream + ":dead"),
      sink_(sink),
      count_(entries_at_once(options_.limits)),
      untold_("stream") {}

// What the sink has still to answer would be told once more by another reader, so that one may wait for the lease's
// end.
void OutboxSource::stop(std::move_only_function<void()> then) {
  erase_taken();
  if (status_.behind > 0) lease_.end();
  LeasedSource::stop(std::move(then));
}

TimePoint OutboxSource::next_deadline() const {
  return std::min(LeasedSource::next_deadline(), begin_at_);
}

void OutboxSource::on_timer() {
  erase_taken();
  LeasedSource::on_timer();
  if (loop_.now() >= begin_at_) begin();
}

void OutboxSource::on_lease(bool held) {
  ++term_;
  begin_at_ = kNever;
  reads_ = stands_ = false;
  if (held) begin();
}

// Not while Redis has still to delete something, which would then be read as if it were new.
void OutboxSource::begin() {
  begin_at_ = kNever;
  ++term_;
  reads_ = stands_ = false;
  if (status_.behind > 0 || unanswered_ > 0) return begin_again_later();
  cursor_ = kBeginning;
  read();
}

void OutboxSource::read() {
  if (reads_ || stands_ || begin_at_ != kNever || !holds() || status_.behind >= kMostInFlight) return;
  if (known_.size() >= kMostKnown) return begin_again_later();
  reads_ = true;
  listener_.send(
      {"XREAD", "COUNT", std::to_string(count_), "BLOCK", kBlockMs, "STREAMS", options_.stream, cursor_},
      [this, term = term_](const redis::Answer& answer) {
        if (term == term_) on_entries(answer);
      },
      kPatience);
}

// An answer above the limit ends the connection: then entries are read one by one, until the large one is the first.
void OutboxSource::on_entries(const redis::Answer& answer) {
  if (!answer) {
    reads_ = false;
    if (answer.error().kind == redis::Error::Kind::lost && std::exchange(count_, 1) == 1)
      move_to_dead(std::string(kFirst), "the entry is larger than MAX_PAYLOAD_BYTES, or has too many fields");
    if (answer.error().kind == redis::Error::Kind::refused)
      unreadable_.write("the stream cannot be read", {{"stream", options_.stream}, {"why", answer.error().text}});
    return begin_again_later();
  }
  if (answer->is_nil() && status_.behind == 0 && unanswered_ == 0) known_.clear();  // the end: they are gone
  count_ = std::min(2 * count_, entries_at_once(options_.limits));
  for (const redis::Reply& stream : answer->elements) {
    if (stream.elements.size() == 2) take_all(stream.elements[1].elements);
  }
  reads_ = false;
  read();
}

void OutboxSource::take_all(const std::vector<redis::Reply>& entries) {
  for (const redis::Reply& entry : entries) {
    if (stands_ || !holds()) return;
    take(entry);
  }
}

void OutboxSource::take(redis::Reply reply) {
  OutboxEntry entry = read_outbox_entry(std::move(reply), options_.limits);
  cursor_ = entry.id;
  const auto [known, is_new] = known_.try_emplace(entry.id, Step::given);
  if (!is_new) {
    if (known->second == Step::taken) to_erase_.push_back(entry.id);
    return;
  }
  ++status_.events;
  if (!entry.event) return bury(entry.id, entry.event.error());
  ++status_.behind;
  const bool outcome = users::kind_of(entry.event->event) == FrameKind::outcome;
  sink_.emit(*std::move(entry.event), [this, id = entry.id, outcome](Taken taken) { on_taken(id, outcome, taken); });
}

void OutboxSource::on_taken(const std::string& id, bool outcome, Taken taken) {
  --status_.behind;
  switch (taken) {
    case Taken::yes:
      status_.outcomes += outcome;
      erase(id);
      break;
    case Taken::by_user:
    case Taken::invalid:
      status_.refused += outcome;
      bury(id, why(taken));
      break;
    case Taken::later:
      known_.erase(id);
      stands_ = true;
      break;
  }
  if (stands_ && status_.behind == 0) return begin_again_later();
  read();
}

void OutboxSource::begin_again_later() {
  if (begin_at_ == kNever && holds()) begin_at_ = loop_.now() + kPause;
}

void OutboxSource::erase(const std::string& id) {
  known_[id] = Step::taken;
  to_erase_.push_back(id);
}

void OutboxSource::erase_taken() {
  if (to_erase_.empty()) return;
  std::vector<std::string> ids = std::exchange(to_erase_, {});
  redis::Command command{"XDEL", options_.stream};
  command.insert(command.end(), ids.begin(), ids.end());
  ++unanswered_;
  commands_.send(command, [this, ids = std::move(ids)](const redis::Answer& answer) {
    --unanswered_;
    if (!answer) return on_unwritten(answer.error());
    for (const std::string& id : ids) known_.erase(id);
  });
}

void OutboxSource::bury(const std::string& id, std::string_view why) {
  untold_.refused(id, why);
  move_to_dead(id, why);
}

void OutboxSource::move_to_dead(const std::string& id, std::string_view why) {
  const std::size_t most = options_.limits.data_bytes + kBesideData;
  ++unanswered_;
  commands_.run(bury_script(),
                {.keys = {options_.stream, dead_},
                 .arguments = {id, std::string(why), std::to_string(most), std::to_string(kMostDead),
                               std::to_string(kMostValues)}},
                [this, id](const redis::Answer& answer) {
                  --unanswered_;
                  known_.erase(id);
                  if (!answer) return on_unwritten(answer.error());
                  if (answer->number > kMostDead)
                    crowded_.write("nobody looks at what was put aside: of more than 10,000 entries the oldest go",
                                   {{"stream", dead_}});
                });
}

void OutboxSource::on_unwritten(const redis::Error& why) {
  unwritable_.write("entries that are done with cannot be taken out of the stream: they are tried again",
                    {{"stream", options_.stream}, {"why", why.text}});
  begin_again_later();
}

}  // namespace signalbox::queue
