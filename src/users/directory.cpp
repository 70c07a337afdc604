#include "users/directory.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace signalbox::users {
namespace {

bool of_one_event(Refusal refusal) {
  return refusal == Refusal::too_many_unread;
}

}  // namespace

Directory::Directory(Mailboxes& mailboxes, DirectoryOptions options)
    : mailboxes_(mailboxes),
      options_(options),
      users_(options_.ledger),
      state_{.users = users_, .options = options_.ledger, .clock = LedgerClock(options_.clock)},
      expiry_(state_),
      broadcasts(mailboxes, options_.notices_bytes),
      ledger(state_, expiry_),
      reader(state_, mailboxes),
      presence(users_, mailboxes, {.grace = options_.presence_grace, .restart_grace = options_.restart_grace}),
      sockets(users_, presence, ledger, options_.max_connections_per_user),
      broadcast_presence_(broadcasts) {
  presence.observe_here(stored_presence_);
  if (options_.presence_events) presence.observe(broadcast_presence_);
}

void Directory::open(OutcomeStore& store, TimePoint now) {
  ledger.open(store);
  stored_presence_.open(store);
  presence.open(store.online(), now);
}

std::expected<std::size_t, Refusal> Directory::emit(std::string_view id, EncodedEvent event, const Way& way) {
  OtherNodes* const others = way.others;
  if (others && !others->has_room()) return std::unexpected(Refusal::overloaded);
  const HashedText name(id);
  Stripe& stripe = users_.of(name);
  std::size_t queued = 0;
  {
    const Lock lock(stripe.mutex);
    User* user = stripe.find(name);
    if (way.once && way.row != 0 && user && Ledger::has(*user, event.job_id(), way.row)) return 0;
    const ToldOnce::Verdict verdict = ledger.judge(user, event);
    if (!verdict.told) {
      ledger.leave_out(*user, event, verdict, way.row);
      return 0;
    }
    // What another node holds was accepted there.
    const auto refused = way.row == 0 ? ledger.refusal(id, user, event, {}) : std::nullopt;
    if (refused) return std::unexpected(*refused);
    FrameRef relayed = others ? event.frame.another() : FrameRef();
    Row row = 0;
    if (!user && event.job_id().empty()) {
      ledger.note(event);
    } else {
      User& to = user ? *user : stripe.find_or_add(id);
      const auto posted = post(stripe, to, std::move(event), way, verdict, false);
      if (!posted) return std::unexpected(Refusal::overloaded);
      queued = posted->queued;
      row = posted->row;
    }
    if (others) queued += relay(stripe, name, std::move(relayed), {.queued = queued, .row = row}, *others);
  }
  mailboxes_.deliver_own();
  return queued;
}

// Whoever is here is told: a receipt for what comes later counts for all that came before.
bool Directory::take_found(std::string_view id, std::vector<Ledger::Found> found,
                           std::optional<Ledger::AllProgress> all) {
  Stripe& stripe = users_.of(id);
  Ledger::Taken taken;
  {
    const Lock lock(stripe.mutex);
    User* const user = found.empty() ? stripe.find(HashedText(id)) : &stripe.find_or_add(id);
    if (!user || (found.empty() && !user->jobs)) return true;
    const bool is_here = !user->sockets.empty();  // who is not may be forgotten meanwhile
    taken = ledger.take_found(stripe, *user, std::move(found), all);
    if (!is_here) return taken.whole;
    for (JobEntry& outcome : taken.news) {
      constexpr bool kWhereNoRoomIs = true;  // it cannot be refused any more
      mailboxes_.deliver(user->sockets, outcome.frame, outcome.number, kWhereNoRoomIs);
    }
  }
  mailboxes_.deliver_own();
  return taken.whole;
}

/// For how many sockets of other nodes. Somebody of whom nothing is known may just have come to another node, and a
/// second client of somebody who is here as well: of an outcome it may miss nothing.
std::size_t Directory::relay(const Stripe& stripe, const HashedText& user, FrameRef event, const Posted& here,
                             OtherNodes& others) const SB_REQUIRES(stripe.mutex) {
  const Elsewhere* there = stripe.elsewhere_of(user);
  if (there || here.queued == 0 || here.row != 0 || others.relays_all())
    others.relay(user.text, std::move(event), here.row);
  return there ? there->connections : 0;
}

std::expected<std::size_t, BatchRefusal> Directory::emit_all(std::vector<Emission> emissions, CommitGroup group) {
  OtherNodes* const others = users_.others;
  if (others && !others->has_room()) return std::unexpected(BatchRefusal{Refusal::overloaded});
  std::vector<HashedText> names;
  names.reserve(emissions.size());
  std::vector<std::size_t> wanted(mailboxes_.shards());
  std::unordered_map<std::string_view, std::size_t> outcomes;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < emissions.size(); ++i) {
    const Emission& emission = emissions[i];
    const HashedText& name = names.emplace_back(emission.user);
    Stripe& stripe = users_.of(name);
    const Lock lock(stripe.mutex);
    const User* user = stripe.find(name);
    if (!ledger.judge(user, emission.event).told) continue;
    const bool outcome = emission.event.kept_outcome();
    const Ledger::Before before{.of_user = outcome ? outcomes[emission.user]++ : 0, .bytes = bytes};
    if (const auto refused = ledger.refusal(emission.user, user, emission.event, before))
      return std::unexpected(BatchRefusal{*refused, of_one_event(*refused) ? std::optional(i) : std::nullopt});
    if (outcome) bytes += ledger.unread_cost(emission.user, emission.event);
    if (!user) continue;
    for (const SocketRef& to : user->sockets) ++wanted[to.shard];
  }
  for (unsigned shard = 0; shard < wanted.size(); ++shard) {
    if (wanted[shard] != 0 && !mailboxes_.has_room(shard, wanted[shard]))
      return std::unexpected(BatchRefusal{Refusal::overloaded});
  }
  std::size_t online = 0;
  for (std::size_t i = 0; i < emissions.size(); ++i) {
    Emission& emission = emissions[i];
    Stripe& stripe = users_.of(names[i]);
    const Lock lock(stripe.mutex);
    User* user = stripe.find(names[i]);
    const ToldOnce::Verdict verdict = ledger.judge(user, emission.event);
    if (!verdict.told) {
      ledger.leave_out(*user, emission.event, verdict, 0);
      continue;
    }
    FrameRef relayed = others ? emission.event.frame.another() : FrameRef();
    Posted posted{.queued = 0, .row = 0};
    if (user || !emission.event.job_id().empty()) {
      User& to = user ? *user : stripe.find_or_add(emission.user);
      posted = post(stripe, to, std::move(emission.event), {.group = group}, verdict, true).value_or(posted);
    } else {
      ledger.note(emission.event);
    }
    if (others) posted.queued += relay(stripe, names[i], std::move(relayed), posted, *others);
    online += posted.queued != 0;
  }
  mailboxes_.deliver_own();
  return online;
}

// First the sockets and then the ledger, whose memory is fetched meanwhile, and which takes our reference: to make
// another would wait for all that was written here.
std::optional<Directory::Posted> Directory::post(Stripe& stripe, User& user, EncodedEvent event, const Way& way,
                                                 const ToldOnce::Verdict& verdict, bool room_seen)
    SB_REQUIRES(stripe.mutex) {
  const HashedText job(hashed_job(event.job_id()));
  const bool kept = !job.text.empty();
  const std::uint64_t number = kept ? ledger.expect(stripe, user, job, event) : 0;
  if (!user.sockets.empty() && !mailboxes_.deliver(user.sockets, event.frame, number, room_seen)) return std::nullopt;
  ledger.note(event);
  ledger.keep_silent(user, verdict);
  const std::size_t queued = user.connected();
  const Row row = kept ? ledger.keep(stripe, user, job, std::move(event), way.group, way.row) : 0;
  return Posted{.queued = queued, .row = row};
}

void Directory::hold_presence() {
  presence.hold();
  if (ledger.store()) stored_presence_.hand_over();
}

TimePoint Directory::next_deadline() const {
  return expiry_.due() ? TimePoint::min() : std::min(presence.next_deadline(), next_second_);
}

void Directory::on_timer(TimePoint now) {
  presence.on_timer(now);
  if (!expiry_.due() && now < next_second_) return;
  if (!expiry_.due()) {
    next_second_ = now + std::chrono::seconds(1);
    begin_second(now);
  }
  expiry_.go_on();
}

void Directory::begin_second(TimePoint now) {
  ledger.look_at_clock();
  broadcasts.forget();
  if (OutcomeStore* store = ledger.store()) {
    store->look(now);
    // While it does not write, changes are gathered here.
    if (store->ready()) stored_presence_.hand_over();
    reader.look();
  }
  expiry_.begin_second();
}

}  // namespace signalbox::users
