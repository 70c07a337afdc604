#include "cluster/shared_ledger.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace signalbox::cluster {
namespace {

constexpr unsigned kRowBits = OutcomeName::kRowBits;
constexpr std::size_t kMostHomes = 1u << 11;
/// When an outcome was received in whose place another one is told: too long ago to be told again.
constexpr users::WallMs kReplaced = 1;

std::string event_bytes(std::string_view user, const Frame& event) {
  NodeMessageWriter writer({});
  writer.add(RelayedEvent{.user = user, .kind = event.kind(), .packet = event.packet(), .job_id = event.key()});
  return writer.bytes();
}

/// FNV-1a: the same on every node.
std::uint64_t hash_of(std::initializer_list<std::string_view> texts) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::string_view text : texts) {
    for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    hash = (hash ^ 0xff) * 0x100000001b3;  // no UTF-8 has this byte
  }
  return hash;
}

}  // namespace

SharedLedger::SharedLedger(std::string home, Around around, OutcomeIndex& index, std::size_t json_depth)
    : groups(around.call_back),
      home_(std::move(home)),
      around_(std::move(around)),
      index_(index),
      json_depth_(json_depth) {}

// Past so many homes the newest ones share the last place: their receipts are told to one of them alone, and the index.
users::Row SharedLedger::row_of(const OutcomeName& name) {
  if (name.home == home_) return name.row;
  auto at = std::ranges::find(homes_, name.home);
  if (at == homes_.end() && homes_.size() < kMostHomes) at = homes_.insert(at, name.home);
  if (at == homes_.end()) --at;
  const auto place = static_cast<users::Row>(at - homes_.begin());
  return users::kOfAnother | place << kRowBits | (name.row & ((users::Row{1} << kRowBits) - 1));
}

OutcomeName SharedLedger::name_of(users::Row row) const {
  if (!users::of_another(row)) return {.home = home_, .row = row};
  const users::Row place = (row & ~users::kOfAnother) >> kRowBits;
  return {.home = homes_[place], .row = row & ((users::Row{1} << kRowBits) - 1)};
}

OutcomeName SharedLedger::name_of_emitted(std::string_view user, const Frame& event) {
  return {.home = std::string(kEmitter), .row = hash_of({user, event.packet()}) >> (64 - kRowBits)};
}

void SharedLedger::enter(std::string_view user, const Frame& event) {
  offer({.user = std::string(user),
         .name = name_of_emitted(user, event),
         .time = coarse_unix_ms(),
         .job_id = std::string(event.key()),
         .event = event_bytes(user, event)},
        [](bool) {});
}

void SharedLedger::on_task(const Offered& offered) {
  const std::optional<OutcomeName> replaces =
      offered.replaces == 0 ? std::nullopt : std::optional(name_of(offered.replaces));
  offer({.user = offered.user,
         .name = {.home = home_, .row = offered.row},
         .time = offered.time,
         .job_id = std::string(offered.event->key()),
         .event = event_bytes(offered.user, *offered.event),
         .replaces = replaces},
        [this, group = offered.group](bool) { groups.end(group); });
}

// `then(told)`: is it there, and unread?
void SharedLedger::offer(OutcomeIndex::Offer offer, std::move_only_function<void(bool)> then) {
  if (!connected_) {
    behind_ = true;
    return then(false);
  }
  index_.offer(offer, kPatience,
               [this, user = offer.user, name = offer.name,
                then = std::move(then)](const std::optional<OutcomeIndex::Entered>& entered) mutable {
                 if (!entered) {
                   behind_ = true;
                   return then(false);
                 }
                 if (entered->received_at != 0) note_received(user, name, entered->received_at);
                 if (entered->replaced) on_replaced(user, *entered->replaced);
                 then(entered->received_at == 0);
               });
}

void SharedLedger::note_received(const std::string& user, const OutcomeName& name, users::WallMs at) {
  const users::Row row = row_of(name);
  around_.directory.ledger.received(user, {&row, 1}, at);
}

void SharedLedger::on_replaced(const std::string& user, const OutcomeName& name) {
  if (name.home == home_) return note_received(user, name, kReplaced);
  if (name.home != kEmitter)
    around_.nodes.add(name.home, RelayedReceipt{.user = user, .row = name.row, .at = kReplaced});
}

void SharedLedger::on_task(const Received& received) {
  tell_received(received);
}

// To those who hold them, and to the index.
void SharedLedger::tell_received(Received received) {
  std::vector<OutcomeName> names;
  for (const users::Row row : received.rows) {
    names.push_back(name_of(row));
    const OutcomeName& name = names.back();
    if (name.home != home_ && name.home != kEmitter)
      around_.nodes.add(name.home, RelayedReceipt{.user = received.user, .row = name.row, .at = received.at});
  }
  const std::string user = received.user;
  const users::WallMs at = received.at;
  index_.received(user, names, at, [this, received = std::move(received)](bool done) mutable {
    if (!done && untold_.size() < kReceipts) untold_.push_back(std::move(received));
  });
}

void SharedLedger::tell_untold() {
  for (Received& each : std::exchange(untold_, {})) tell_received(std::move(each));
}

void SharedLedger::on_receipt(const RelayedReceipt& receipt) {
  const OutcomeName name{.home = home_, .row = receipt.row};
  if (name.valid() && receipt.at > 0)
    note_received(std::string(receipt.user), name, std::min(receipt.at, coarse_unix_ms()));
}

// A second later, with the newest there is then.
void SharedLedger::on_task(const Progressed& progressed, TimePoint now) {
  if (connected_) progress_.push_back({.at = now + std::chrono::seconds(1), .of = progressed});
}

void SharedLedger::on_timer(TimePoint now) {
  for (; !progress_.empty() && progress_.front().at <= now; progress_.pop_front()) {
    const auto& [user, job_id] = progress_.front().of;
    const auto status = around_.directory.ledger.job(user, job_id);
    if (status && status->frame->kind() == FrameKind::progress)
      index_.progress(user, job_id, event_bytes(user, *status->frame), status->time);
  }
}

void SharedLedger::prepare(const std::string& user, std::move_only_function<void()> then) {
  // Who has a socket here has heard all since; progress from before that one came may be written by now.
  const bool knows_all = prepared_.contains(user) && around_.directory.sockets.here(user).connected != 0;
  if (!connected_ || knows_all) return then();
  index_.jobs_of(user, kPatience, [this, user, then = std::move(then)](const std::optional<IndexedJobs>& jobs) mutable {
    // Who went meanwhile has no place in the ledger here.
    if (jobs && around_.is_here(user)) {
      take(user, *jobs);
      if (connected_) prepared_.insert(user);
    } else if (around_.is_here(user)) {
      read_later(user);
    }
    then();
  });
}

void SharedLedger::bring(const std::string& user) {
  prepared_.erase(user);
  to_read_.push_back(user);
  catch_up();
}

// A few at a time, so that no login waits for all.
void SharedLedger::catch_up() {
  if (std::exchange(catching_up_, true)) return;
  while (connected_ && !to_read_.empty() && reading_ < kAtOnce) {
    const std::string user = std::move(to_read_.front());
    to_read_.pop_front();
    if (!around_.is_here(user)) continue;
    ++reading_;
    prepare(user, [this] {
      --reading_;
      catch_up();
    });
  }
  catching_up_ = false;
}

void SharedLedger::take(const std::string& user, const IndexedJobs& jobs) {
  std::vector<users::Ledger::Found> found;
  const auto add = [&](const std::string& bytes, const IndexedOutcome* outcome) {
    FrameRef frame = job_event_in(bytes, user, outcome ? FrameKind::outcome : FrameKind::progress);
    if (!frame) return;
    found.push_back({.frame = std::move(frame),
                     .time = outcome ? outcome->time : coarse_unix_ms(),
                     .received_at = outcome ? outcome->received_at : 0,
                     .row = outcome ? row_of(outcome->name) : 0});
  };
  for (const IndexedOutcome& outcome : jobs.outcomes) {
    const users::Row row = row_of(outcome.name);
    if (users::of_another(row)) {
      add(outcome.event, &outcome);
    } else if (outcome.received_at != 0) {
      around_.directory.ledger.received(user, {&row, 1}, outcome.received_at);
    }
  }
  for (const std::string& event : jobs.progress) add(event, nullptr);
  if (!found.empty()) around_.directory.take_found(user, std::move(found));
}

/// None: these are the bytes of something else.
FrameRef SharedLedger::job_event_in(std::string_view bytes, std::string_view user, FrameKind kind) const {
  const auto message = read_node_message(bytes);
  const auto* event = message && message->parts.size() == 1 ? std::get_if<RelayedEvent>(&message->parts[0]) : nullptr;
  if (!event || event->user != user || event->kind != kind || event->job_id.empty()) return {};
  return frame_of(*event, json_depth_).value_or(FrameRef());
}

void SharedLedger::on_gone(const std::string& user) {
  prepared_.erase(user);
  unread_.erase(user);
  around_.directory.ledger.drop_found(user);
}

void SharedLedger::on_connected() {
  connected_ = true;
  tell_untold();
  look_at_epoch();
}

// A Redis that comes back, or the one that takes its place, may have lost its newest entries.
void SharedLedger::on_lost() {
  connected_ = false;
  behind_ = true;
  prepared_.clear();
  progress_.clear();
  to_read_.clear();
  ++round_;
  on_their_way_ = bytes_on_their_way_ = 0;
  again_.clear();
  next_stripe_ = users::Stripes::kCount;
}

void SharedLedger::look_at_epoch() {
  index_.epoch([this](std::optional<std::string> epoch) {
    if (!epoch || !connected_) return;
    const bool lost = !epoch_.empty() && epoch_ != *epoch;
    epoch_ = *std::move(epoch);
    if (lost) {
      prepared_.clear();
      log::warn("Redis has lost its memory: outcomes that nobody has received are offered again");
    }
    tell_untold();
    for (const std::string& user : std::exchange(unread_, {})) bring(user);
    // One pass after the other: with a large backlog each would end before the last of it.
    if (lost || (behind_ && !offers_again())) offer_all_again();
  });
}

bool SharedLedger::offers_again() const {
  return on_their_way_ != 0 || !again_.empty() || next_stripe_ != users::Stripes::kCount;
}

void SharedLedger::offer_all_again() {
  behind_ = false;
  ++round_;
  on_their_way_ = bytes_on_their_way_ = 0;
  again_.clear();
  next_stripe_ = 0;
  go_on_offering();
}

// An answer that comes while this goes on changes but the number of those on their way.
void SharedLedger::go_on_offering() {
  if (std::exchange(offering_, true)) return;
  while (may_offer_more()) {
    while (again_.empty() && next_stripe_ != users::Stripes::kCount) {
      for (auto& unread : around_.directory.ledger.unread_of_this_node(next_stripe_))
        again_.push_back(std::move(unread));
      ++next_stripe_;
    }
    if (again_.empty()) break;
    offer_next();
  }
  offering_ = false;
}

/// As many as may be on their way.
void SharedLedger::offer_next() {
  std::vector<users::Ledger::Unread> left_to_store;
  while (!again_.empty() && may_offer_more()) {
    users::Ledger::Unread next = std::move(again_.front());
    again_.pop_front();
    ++on_their_way_;
    bytes_on_their_way_ += next.frame->memory();
    next.frame->packet().empty() ? left_to_store.push_back(std::move(next)) : offer_again(next);
  }
  if (!left_to_store.empty()) read_and_offer(std::move(left_to_store));
}

/// Their packets lie on the disk alone.
void SharedLedger::read_and_offer(std::vector<users::Ledger::Unread> unread) {
  std::ranges::sort(unread, {}, &users::Ledger::Unread::row);
  std::vector<users::StoredFrame> wanted;
  wanted.reserve(unread.size());
  for (const users::Ledger::Unread& each : unread) wanted.push_back({each.row, each.frame});
  around_.disk.read(
      std::move(wanted), SIZE_MAX,
      [this, round = round_, unread = std::move(unread)](const std::vector<users::StoredFrame>& found) mutable {
        around_.post([this, round, unread = std::move(unread), found]() mutable {
          if (round != round_) return;
          for (users::Ledger::Unread& each : unread) {
            const auto at = std::ranges::lower_bound(found, each.row, {}, &users::StoredFrame::row);
            if (at == found.end() || at->row != each.row) {
              --on_their_way_;
              bytes_on_their_way_ -= each.frame->memory();
              continue;
            }
            bytes_on_their_way_ += at->frame->memory() - each.frame->memory();
            each.frame = at->frame;
            offer_again(each);
          }
          go_on_offering();
        });
      });
}

// Sockets on other nodes may not have heard of it.
void SharedLedger::offer_again(const users::Ledger::Unread& unread) {
  ++offered_again_;
  offer({.user = unread.user,
         .name = {.home = home_, .row = unread.row},
         .time = unread.time,
         .job_id = std::string(unread.frame->key()),
         .event = event_bytes(unread.user, *unread.frame)},
        [this, round = round_, unread](bool told) {
          if (told) around_.relay({.user = unread.user, .event = unread.frame, .row = unread.row});
          if (round != round_) return;
          --on_their_way_;
          bytes_on_their_way_ -= unread.frame->memory();
          go_on_offering();
        });
}

}  // namespace signalbox::cluster
