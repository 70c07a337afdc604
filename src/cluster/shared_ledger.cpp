#include "cluster/shared_ledger.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace signalbox::cluster {
namespace {

constexpr unsigned kRowBits = OutcomeName::kRowBits;
constexpr std::size_t kMostHomes = 1u << 11;
constexpr users::WallMs kProgressBehind = 3000;  ///< so late at most is progress in the index

std::string event_bytes(std::string_view user, const Frame& event) {
  NodeMessageWriter writer({});
  writer.add(RelayedEvent{.user = user, .kind = event.kind(), .packet = event.packet(), .job_id = event.name()});
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
      json_depth_(json_depth),
      receipts_(home_, around_.disk, around_.nodes, index, around_.post),
      no_room_("UNREAD_OUTCOMES_PER_USER is reached on all nodes together: outcomes for a user are refused",
               index.kept().unread) {}

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
  return {.home = std::string(OutcomeName::kEmitter), .row = hash_of({user, event.packet()}) >> (64 - kRowBits)};
}

void SharedLedger::enter(std::string_view user, const Frame& event) {
  const OutcomeName name = name_of_emitted(user, event);
  receipts_.forget(name);  // it may be one that comes again
  offer({.user = std::string(user),
         .name = name,
         .time = coarse_unix_ms(),
         .job_id = std::string(event.key()),
         .event = event_bytes(user, event)},
        [](std::optional<OutcomeIndex::How>) {});
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
        [this, group = offered.group](std::optional<OutcomeIndex::How> how) {
          groups.end(group, how != OutcomeIndex::How::no_room);
        });
}

void SharedLedger::offer(const OutcomeIndex::Offer& offer, Then then) {
  if (!connected_) {
    behind_ = true;
    return then(std::nullopt);
  }
  OutcomeIndex::Offer without_event{.user = offer.user, .name = offer.name, .replaces = offer.replaces};
  index_.offer(offer, kPatience,
               [this, offered = std::move(without_event),
                then = std::move(then)](const std::optional<OutcomeIndex::Entered>& entered) mutable {
                 entered ? on_entered(offered, *entered) : static_cast<void>(behind_ = true);
                 then(entered ? std::optional(entered->how) : std::nullopt);
               });
}

void SharedLedger::on_entered(const OutcomeIndex::Offer& offer, const OutcomeIndex::Entered& entered) {
  using How = OutcomeIndex::How;
  if (entered.how == How::received) return note_received(offer.user, offer.name, entered.received_at);
  if (entered.how == How::no_room) no_room_.reached({{"user", offer.user}});
  if (entered.how != How::unread) return around_.directory.ledger.forget(offer.user, row_of(offer.name));
  if (entered.replaced && entered.replaced != offer.replaces) tell_replaced(offer.user, *entered.replaced);
  // One of this node's has gone with the commit of what replaces it.
  if (offer.replaces && offer.replaces->home != home_) tell_replaced(offer.user, *offer.replaces);
}

// What it was to replace stays, and has its row.
void SharedLedger::on_task(const Refused& refused) {
  const auto& [user, job_id, number, row, before] = refused.outcome;
  const OutcomeName name{.home = home_, .row = row};
  if (!before) return index_.withdraw(user, name);
  offer({.user = user,
         .name = name,
         .time = before->time,
         .job_id = job_id,
         .event = event_bytes(user, *before->frame),
         .accepted = true},
        [](std::optional<OutcomeIndex::How>) {});
  if (before->received_at != 0) receipts_.add(user, {name}, before->received_at);
}

void SharedLedger::note_received(const std::string& user, const OutcomeName& name, users::WallMs at) {
  const users::Row row = row_of(name);
  around_.directory.ledger.received(user, {&row, 1}, at);
}

// Its home keeps it until the newer one is in the index and on the disk here.
void SharedLedger::tell_replaced(const std::string& user, const OutcomeName& name) {
  around_.disk.when_committed(0, [this, user, name](users::Commit commit) {
    if (commit != users::Commit::durable && commit != users::Commit::nowhere) return;
    around_.post([this, user, name] { forget_at_home(user, name); });
  });
}

// If the message is lost, its next offer is answered so.
void SharedLedger::forget_at_home(const std::string& user, const OutcomeName& name) {
  if (name.home == home_) return around_.directory.ledger.forget(user, name.row);
  if (name.home != OutcomeName::kEmitter)
    around_.nodes.add(name.home, RelayedReplacement{.user = user, .row = name.row});
}

void SharedLedger::on_replacement(const RelayedReplacement& replacement) {
  const OutcomeName name{.home = home_, .row = replacement.row};
  if (name.valid()) around_.directory.ledger.forget(replacement.user, name.row);
}

void SharedLedger::on_task(const Received& received) {
  std::vector<OutcomeName> names;
  names.reserve(received.rows.size());
  for (const users::Row row : received.rows) names.push_back(name_of(row));
  receipts_.add(received.user, names, received.at);
}

void SharedLedger::on_receipt(std::string_view from, const RelayedReceipt& receipt, TimePoint now) {
  const OutcomeName name{.home = home_, .row = receipt.row};
  if (!name.valid() || receipt.at <= 0) return;
  note_received(std::string(receipt.user), name, std::min(receipt.at, coarse_unix_ms()));
  receipts_.marked(from, receipt.row, now);
}

// A second later, with the newest there is then.
void SharedLedger::on_task(const Progressed& progressed, TimePoint now) {
  if (connected_) progress_.push_back({.at = now + std::chrono::seconds(1), .of = progressed});
}

void SharedLedger::on_timer(TimePoint now) {
  write_progress(now);
  receipts_.on_timer(now);
}

void SharedLedger::write_progress(TimePoint now) {
  for (; !progress_.empty() && progress_.front().at <= now; progress_.pop_front()) {
    const auto& [user, job_id] = progress_.front().of;
    const auto status = around_.directory.ledger.job(user, job_id);
    if (!status || status->frame->kind() != FrameKind::progress) continue;
    index_.progress(user, job_id, event_bytes(user, *status->frame), status->time, [this](bool done) {
      if (!done) on_progress_lost();
    });
  }
}

// That of this second may not be written with the next.
void SharedLedger::on_progress_lost() {
  progress_since_ = coarse_unix_ms() + 1000;
}

void SharedLedger::prepare(const std::string& user, std::move_only_function<void()> then) {
  // Who has a socket here has heard all since; progress from before that one came may be written by now.
  const bool knows_all = prepared_.contains(user) && around_.directory.sockets.here(user).connected != 0;
  if (!connected_ || knows_all) return then();
  index_.jobs_of(
      user, kPatience,
      [this, user, read_at = coarse_unix_ms(), then = std::move(then)](const std::optional<IndexedJobs>& jobs) mutable {
        // Who went meanwhile has no place in the ledger here.
        if (jobs && around_.is_here(user)) {
          const bool all = take(user, *jobs, read_at);
          if (connected_ && jobs->whole && all) prepared_.insert(user);
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

bool SharedLedger::take(const std::string& user, const IndexedJobs& jobs, users::WallMs read_at) {
  std::vector<users::Ledger::Found> found;
  const auto add = [&](const std::string& bytes, const IndexedOutcome* outcome) {
    FrameRef frame = job_event_in(bytes, user, outcome ? FrameKind::outcome : FrameKind::progress);
    if (!frame) return;
    users::WallMs received_at = outcome ? outcome->received_at : 0;
    if (outcome && received_at == 0) received_at = receipts_.received_at(outcome->name).value_or(0);
    found.push_back({.frame = std::move(frame),
                     .time = outcome ? outcome->time : coarse_unix_ms(),
                     .received_at = received_at,
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
  return around_.directory.take_found(user, std::move(found), {{progress_since_, read_at - kProgressBehind}});
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
  on_progress_lost();
  receipts_.on_connected();
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
      on_progress_lost();
      receipts_.on_index_lost();
      log::warn("Redis has lost its memory: outcomes that nobody has received are offered again");
    }
    receipts_.look();
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
              // Of a disk that does not answer it is asked for again.
              behind_ = behind_ || !around_.disk.ready();
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
         .event = event_bytes(unread.user, *unread.frame),
         .accepted = true},
        [this, round = round_, unread](std::optional<OutcomeIndex::How> how) {
          if (how == OutcomeIndex::How::unread)
            around_.relay({.user = unread.user, .event = unread.frame, .row = unread.row});
          if (round != round_) return;
          --on_their_way_;
          bytes_on_their_way_ -= unread.frame->memory();
          go_on_offering();
        });
}

}  // namespace signalbox::cluster
