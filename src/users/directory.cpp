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
  presence.observe(stored_presence_);
  if (options_.presence_events) presence.observe(broadcast_presence_);
}

void Directory::open(OutcomeStore& store, TimePoint now) {
  ledger.open(store);
  stored_presence_.open(store);
  presence.open(store.online(), now);
}

std::expected<std::size_t, Refusal> Directory::emit(std::string_view id, EncodedEvent event, CommitGroup group) {
  const HashedText name(id);
  Stripe& stripe = users_.of(name);
  std::optional<std::size_t> queued;
  {
    const Lock lock(stripe.mutex);
    User* user = stripe.find(name);
    if (const auto refused = ledger.refusal(id, user, event, {})) return std::unexpected(*refused);
    if (!user && event.job_id().empty()) {
      ledger.note(event);
      return 0;
    }
    queued = post(stripe, user ? *user : stripe.find_or_add(id), std::move(event), group, false);
  }
  if (!queued) return std::unexpected(Refusal::overloaded);
  mailboxes_.deliver_own();
  return *queued;
}

std::expected<std::size_t, BatchRefusal> Directory::emit_all(std::vector<Emission> emissions, CommitGroup group) {
  std::vector<std::size_t> wanted(mailboxes_.shards());
  std::unordered_map<std::string_view, std::size_t> outcomes;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < emissions.size(); ++i) {
    const Emission& emission = emissions[i];
    Stripe& stripe = users_.of(emission.user);
    const Lock lock(stripe.mutex);
    const User* user = stripe.find(emission.user);
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
  for (Emission& emission : emissions) {
    Stripe& stripe = users_.of(emission.user);
    const Lock lock(stripe.mutex);
    User* user = stripe.find(emission.user);
    if (user || !emission.event.job_id().empty()) {
      User& to = user ? *user : stripe.find_or_add(emission.user);
      online += post(stripe, to, std::move(emission.event), group, true).value_or(0) != 0;
    } else {
      ledger.note(emission.event);
    }
  }
  mailboxes_.deliver_own();
  return online;
}

// First the sockets and then the ledger, whose memory is fetched meanwhile, and which takes our reference: to make
// another would wait for all that was written here.
std::optional<std::size_t> Directory::post(Stripe& stripe, User& user, EncodedEvent event, CommitGroup group,
                                           bool room_seen) SB_REQUIRES(stripe.mutex) {
  const HashedText job(event.job_id());
  const bool kept = !job.text.empty();
  const std::uint64_t number = kept ? ledger.expect(stripe, user, job, event) : 0;
  if (!user.sockets.empty() && !mailboxes_.deliver(user.sockets, event.frame, number, room_seen)) return std::nullopt;
  ledger.note(event);
  const std::size_t queued = user.connected();
  if (kept) ledger.keep(stripe, user, job, std::move(event), group);
  return queued;
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
