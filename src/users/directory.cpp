#include "users/directory.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

#include "base/assert.hpp"
#include "base/json_write.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "users/directory_stripe.hpp"
#include "users/gathered_outcomes.hpp"

namespace signalbox::users {
namespace {

FrameRef presence_frame(const User& user, bool online) {
  std::string data = "{\"userId\":";
  append_json_string(data, user.id);
  data += "}]";
  const auto kind = online ? FrameKind::user_online : FrameKind::user_offline;
  const std::string_view head = online ? "42[\"user_online\"," : "42[\"user_offline\",";
  return make_frame(false, kind, user.id, head, data);
}

}  // namespace

Directory::Directory(Mailboxes& mailboxes, DirectoryOptions options)
    : mailboxes_(mailboxes),
      options_(options),
      clock_(options.clock),
      stripes_(std::make_unique<Stripe[]>(kStripes)),
      next_deadline_(kNever.time_since_epoch().count()),
      notices_(options.notices_bytes) {
  for (std::size_t i = 0; i < kStripes; ++i) {
    stripes_[i].memory.unread = &unread_memory_;
    stripes_[i].ledger = &options_.ledger;
  }
}

Directory::~Directory() = default;

void Directory::open(OutcomeStore& store, TimePoint now) {
  store_ = &store;
  clock_.opened();
  unread_memory_.data_stays = false;
  store.on_refused([this](RefusedOutcome refused) { take_back(std::move(refused)); });
  const std::size_t restored = restore(store);
  if (unread_bytes() > options_.ledger.unread_total_bytes) {
    log::warn("the unread outcomes in the store pass UNREAD_TOTAL_BYTES: none is lost, new ones are refused for now",
              {{"bytes", std::to_string(unread_bytes())}, {"outcomes", std::to_string(restored)}});
  }
  for (const std::string& id : store.online()) {
    Stripe& stripe = stripe_of(id);
    const Lock lock(stripe.mutex);
    User& user = stripe.find_or_add(id);
    user.online = true;
    online_count_.fetch_add(1, std::memory_order_relaxed);
    arm(stripe.begin_grace(user, now + options_.restart_grace));
  }
}

// Where not all of their data has room in memory, it is left to the store from the beginning: what is brought in would
// have to go at once.
std::size_t Directory::restore(OutcomeStore& store) {
  constexpr std::size_t kLookEach = 1024;
  std::size_t restored = 0;
  look_at_memory();
  const auto [outcomes, bytes] = store.extent();
  bool packets = !lean_ && UserJobs::cost_of(outcomes, bytes) < options_.ledger.total_bytes / 4 * 3;
  std::vector<GatheredOutcomes> left(kStripes);
  const WallMs present = clock_.wall(clock_.now()) + LedgerClock::kDriftMs;
  store.load(packets, [&](StoredOutcome one) {
    from_the_future_ = from_the_future_ || one.time > present;
    date_from_store(one.time, one.had_at);
    if (++restored % kLookEach == 0 && packets) {
      look_at_memory();
      packets = !lean_;
    }
    const HashedText user(one.user);
    packets ? restore(user, one) : left[stripe_number(user)].add(user, one);
    return packets;
  });
  for (std::size_t i = 0; i < kStripes; ++i) restore(stripes_[i], left[i]);
  look_at_memory();
  return restored;
}

void Directory::date_from_store(LedgerMs& time, LedgerMs& had_at) const {
  time = clock_.from_store(time);
  if (had_at != 0) had_at = clock_.from_store(had_at);
}

void Directory::restore(const HashedText& id, const StoredOutcome& outcome) {
  Stripe& stripe = stripe_of(id);
  const Lock lock(stripe.mutex);
  stripe.jobs_of(stripe.find_or_add(id.text))
      .restore({.frame = text_frame(outcome.packet, FrameKind::outcome, outcome.job_id),
                .number = outcome.number,
                .time = outcome.time,
                .had_at = outcome.had_at,
                .row = outcome.row});
}

// Whoever has no data in memory is packed at once.
void Directory::restore(Stripe& stripe, GatheredOutcomes& outcomes) {
  const Lock lock(stripe.mutex);
  outcomes.each_user([&](const HashedText& id, const std::vector<RestingUsers::Outcome>& of_user)
                         SB_REQUIRES(stripe.mutex) {
                           User* user = stripe.users.find(id);
                           if (!user) return stripe.resting.add(id.text, of_user);
                           for (const RestingUsers::Outcome& one : of_user) user->jobs->restore(one.entry());
                         });
}

// The upper bits: the table inside the stripe uses the lower ones.
std::size_t Directory::stripe_number(const HashedText& user) {
  return (user.hash >> 48) % kStripes;
}

Directory::Stripe& Directory::stripe_of(const HashedText& user) const {
  return stripes_[stripe_number(user)];
}

Directory::Stripe& Directory::stripe_of(std::string_view user) const {
  return stripe_of(HashedText(user));
}

void Directory::set_online(User& user, bool online) {
  user.online = online;
  online ? online_count_.fetch_add(1, std::memory_order_relaxed)
         : online_count_.fetch_sub(1, std::memory_order_relaxed);
  const FrameRef frame = options_.presence_events ? presence_frame(user, online) : FrameRef{};
  const Lock order(presence_order_);
  if (store_) presence_changes_.insert_or_assign(user.id, online);
  // Whatever waits there: or clients would take a user for online who has gone. Logins bound how many there are.
  frame ? broadcast(frame) : static_cast<void>(++broadcasts_);
}

void Directory::broadcast(const FrameRef& frame) {
  ++broadcasts_;
  for (unsigned shard = 0; shard < mailboxes_.shards(); ++shard)
    static_cast<void>(mailboxes_.post(shard, Message::broadcast(frame, broadcasts_)));
}

std::expected<void, Directory::Refusal> Directory::emit_to_all(FrameRef notice) {
  const Lock order(presence_order_);
  for (unsigned shard = 0; shard < mailboxes_.shards(); ++shard) {
    if (!mailboxes_.has_room(shard, 1)) return std::unexpected(Refusal::overloaded);
  }
  if (!notices_.take(notice)) return std::unexpected(Refusal::notices_full);
  broadcast(notice);
  return {};
}

void Directory::forget_notices() {
  const Lock order(presence_order_);
  notices_.forget();
}

// Handed over under the lock, so that the store has the changes in their order.
void Directory::hand_over_presence() {
  const Lock order(presence_order_);
  if (!presence_changes_.empty()) store_->presence(std::exchange(presence_changes_, {}));
}

void Directory::hold_presence() {
  presence_held_.store(true);
  hand_over_presence();
}

Directory::Joined Directory::join(std::string_view id, const SocketRef& socket, TimePoint) {
  Stripe& stripe = stripe_of(id);
  const Lock lock(stripe.mutex);
  User& user = stripe.find_or_add(id);
  Joined joined{.user = &user, .evicted = {}, .replay = {}};
  if (user.jobs) joined.replay = user.jobs->replay(clock_.ages());
  joined.evicted = one_too_many(user);
  user.sockets.insert(user.sockets.begin() + static_cast<std::ptrdiff_t>(user.connected()), socket);
  user.offline_at = kNever;
  if (!user.online) set_online(user, true);
  return joined;
}

/// The user's oldest socket, if one more may not be.
std::optional<SocketRef> Directory::one_too_many(const User& user) const {
  const std::size_t most = options_.max_connections_per_user;
  if (most == 0 || user.connected() < most) return std::nullopt;
  // Those before it have been told already, and are on their way out.
  return user.sockets[user.connected() - most];
}

/// Was it the last that was connected?
bool Directory::take_out(User& user, const SocketRef& socket) {
  const bool connected = user.connected() != 0;
  const auto it = std::find(user.sockets.begin(), user.sockets.end(), socket);
  SB_ASSERT(it != user.sockets.end());
  if (it - user.sockets.begin() >= static_cast<std::ptrdiff_t>(user.connected())) --user.away;
  user.sockets.erase(it);
  return connected && user.connected() == 0;
}

void Directory::leave(const User* known, const SocketRef& socket, TimePoint now) {
  Stripe& stripe = stripe_of(known->id);
  const Lock lock(stripe.mutex);
  User& user = stripe.known(known);
  if (take_out(user, socket)) arm(stripe.begin_grace(user, now + options_.presence_grace));
  if (user.forgotten()) stripe.users.erase(user);
}

std::optional<SocketRef> Directory::leave_for_now(const User* known, const SocketRef& socket, TimePoint now) {
  Stripe& stripe = stripe_of(known->id);
  const Lock lock(stripe.mutex);
  User& user = stripe.known(known);
  if (take_out(user, socket)) arm(stripe.begin_grace(user, now + options_.presence_grace));
  user.sockets.push_back(socket);
  ++user.away;
  const std::size_t most = options_.max_connections_per_user;
  if (most == 0 || user.away <= most) return std::nullopt;
  // Those before it have been told already.
  return user.sockets[user.connected() + (user.away - most - 1)];
}

void Directory::move(const User* known, const SocketRef& from, const SocketRef& to) {
  Stripe& stripe = stripe_of(known->id);
  const Lock lock(stripe.mutex);
  User& user = stripe.known(known);
  const auto it = std::find(user.sockets.begin(), user.sockets.end(), from);
  SB_ASSERT(it != user.sockets.end());
  *it = to;
}

std::optional<SocketRef> Directory::come_back(const User* known, const SocketRef& socket) {
  Stripe& stripe = stripe_of(known->id);
  const Lock lock(stripe.mutex);
  User& user = stripe.known(known);
  take_out(user, socket);
  const auto evicted = one_too_many(user);
  user.sockets.insert(user.sockets.begin() + static_cast<std::ptrdiff_t>(user.connected()), socket);
  user.offline_at = kNever;
  if (!user.online) set_online(user, true);
  return evicted;
}

bool Directory::online(std::string_view id) const {
  const Stripe& stripe = stripe_of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find_awake(id);
  return user && user->online;
}

std::size_t Directory::connections(std::string_view id) const {
  const Stripe& stripe = stripe_of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find_awake(id);
  return user ? user->connected() : 0;
}

std::size_t Directory::entries() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < kStripes; ++i) {
    const Lock lock(stripes_[i].mutex);
    count += stripes_[i].users.size() + stripes_[i].resting.size();
  }
  return count;
}

std::vector<std::string> Directory::online_users() const {
  std::vector<std::string> users;
  users.reserve(online_count());
  for (Walk all; !all.over();) {
    walk(all, [&users](const std::string& user) { users.push_back(user); });
  }
  std::sort(users.begin(), users.end());
  return users;
}

std::size_t Directory::walk(Walk& walk, const std::function<void(const std::string& user)>& visit) const {
  constexpr std::size_t kUsersAtOnce = 256;
  const Stripe& stripe = stripes_[walk.stripe];
  std::vector<const User*> piece;  // whose memory is fetched while the others are found
  {
    const Lock lock(stripe.mutex);
    if (walk.pieces == 0)
      walk.pieces = static_cast<std::uint32_t>(std::bit_ceil(stripe.users.size() / kUsersAtOnce + 1));
    stripe.users.each_of(walk.piece, walk.pieces, [&](const User& user) {
      __builtin_prefetch(&user);
      __builtin_prefetch(&user.online);
      piece.push_back(&user);
    });
    for (const User* user : piece) {
      if (user->online) visit(user->id);
    }
  }
  if (++walk.piece == walk.pieces) walk = {.stripe = walk.stripe + 1};
  return piece.size();
}

void Directory::arm(TimePoint deadline) {
  auto current = next_deadline_.load(std::memory_order_relaxed);
  const auto wanted = deadline.time_since_epoch().count();
  while (wanted < current && !next_deadline_.compare_exchange_weak(current, wanted)) {
  }
  // Shard 0 keeps this time: it must look again, whatever it is waiting for.
  if (wanted < current) static_cast<void>(mailboxes_.post(0, Message::run([] {})));
}

TimePoint Directory::next_deadline() const {
  if (expire_left_ != 0) return TimePoint::min();
  const TimePoint grace{TimePoint::duration(next_deadline_.load(std::memory_order_relaxed))};
  return std::min(grace, next_expiry_);
}

void Directory::on_timer(TimePoint now) {
  if (now >= TimePoint(TimePoint::duration(next_deadline_.load(std::memory_order_relaxed)))) {
    next_deadline_.store(kNever.time_since_epoch().count());
    // What is left of a crowd whose graces end at once has the next turn: each takes a microsecond.
    std::size_t left = 1000;
    for (std::size_t i = 0; i < kStripes && !presence_held_; ++i) end_graces(stripes_[i], now, left);
  }
  if (expire_left_ == 0 && now < next_expiry_) return;
  if (expire_left_ == 0) {
    constexpr std::size_t kEachSecond = 16;
    expire_left_ = kEachSecond;
    next_expiry_ = now + std::chrono::seconds(1);
    look_at_clock();
    forget_notices();
    if (store_) look_at_store(now);
    look_at_memory();
  }
  // So many users a turn, so that none is long however many there are.
  constexpr std::size_t kEachTurn = 2000;
  for (std::size_t looked = 0; expire_left_ != 0 && looked < kEachTurn; --expire_left_) {
    left_to_store_ = lean_ ? left_to_store_ + 1 : 0;
    Stripe& stripe = stripes_[expire_next_++ % kStripes];
    const bool too_much = tight();
    const Lock lock(stripe.mutex);
    looked += expire_jobs(stripe, too_much);
  }
}

void Directory::look_at_clock() {
  constexpr std::int64_t kWorthALine = 5000;
  const bool was_set = clock_.ages().clock_is_set;
  const std::int64_t jump = clock_.look();
  if (store_ && jump != 0) store_->redate(jump);
  // By now nobody sets it any more: what seems to come from the future would seem so at each start.
  if (store_ && !was_set && clock_.ages().clock_is_set && from_the_future_)
    store_->date_at_most(clock_.wall(clock_.now()));
  if (std::abs(jump) < kWorthALine) return;
  log::warn("the wall clock has jumped: nothing that is kept ends earlier or later for that",
            {{"by_ms", std::to_string(jump)}});
}

void Directory::end_graces(Stripe& stripe, TimePoint now, std::size_t& left) {
  const Lock lock(stripe.mutex);
  for (; left != 0 && !stripe.leaving.empty() && stripe.leaving.front().offline_at <= now; --left) {
    const auto [user, offline_at] = stripe.leaving.front();
    stripe.leaving.pop_front();
    --user->leaving;
    if (user->offline_at == offline_at && user->online) {  // not back, and not gone again later
      user->offline_at = kNever;
      set_online(*user, false);
    }
    if (user->forgotten()) stripe.users.erase(*user);
  }
  if (!stripe.leaving.empty()) arm(stripe.leaving.front().offline_at);
}

}  // namespace signalbox::users
