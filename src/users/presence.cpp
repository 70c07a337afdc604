#include "users/presence.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace signalbox::users {

Presence::Presence(Stripes& users, Mailboxes& mailboxes, const PresenceOptions& options)
    : users_(users), mailboxes_(mailboxes), options_(options), next_deadline_(kNever.time_since_epoch().count()) {}

void Presence::open(const std::vector<std::string>& were_online, TimePoint now) {
  for (const std::string& id : were_online) {
    Stripe& stripe = users_.of(id);
    const Lock lock(stripe.mutex);
    User& user = stripe.find_or_add(id);
    user.online = true;
    count(true);
    if (users_.others) users_.others->changed(id);
    arm(stripe.begin_grace(user, now + options_.restart_grace));
  }
}

void Presence::came(Stripe& stripe, User& user) {
  user.offline_at = kNever;
  if (!user.online) set(stripe, user, true);
}

void Presence::went(Stripe& stripe, User& user, TimePoint now) {
  arm(stripe.begin_grace(user, now + options_.grace));
}

// The order is taken inside a stripe's lock, so that nobody hears offline before online.
void Presence::set(Stripe& stripe, User& user, bool online) {
  user.online = online;
  const Elsewhere* there = stripe.elsewhere_of(HashedText(user.id));
  if (!there || !there->online) count(online);
  if (users_.others) users_.others->changed(user.id);
  const Lock lock(order_);
  untold_.push_back({user.id, online});
}

void Presence::count(bool online) {
  online ? online_count_.fetch_add(1, std::memory_order_relaxed)
         : online_count_.fetch_sub(1, std::memory_order_relaxed);
}

void Presence::set_elsewhere(std::string_view id, bool has, bool online, std::uint32_t connections) {
  const HashedText name(id);
  Stripe& stripe = users_.of(name);
  const Lock lock(stripe.mutex);
  Elsewhere* there = stripe.elsewhere.find(name);
  const bool was_online = there && there->online;
  if (has && !there) there = &stripe.elsewhere.add(name);
  if (has) {
    there->online = online;
    there->connections = connections;
  } else if (there) {
    stripe.elsewhere.erase(*there);
  }
  const User* here = stripe.users.find(name);
  if (was_online != (has && online) && (!here || !here->online)) count(!was_online);
}

void Presence::announce(const std::string& user, bool online) noexcept {
  if (held_) return;
  for (PresenceObserver* observer : observers_) observer->on_presence(user, online);
}

// One thread at a time, so that the order stays; what comes meanwhile is told by that one as well. Where memory is out
// in the middle of it the process ends, for nobody could tell what was told.
void Presence::tell() noexcept {
  while (true) {
    std::vector<Transition> next;
    {
      const Lock lock(order_);
      if (telling_ || untold_.empty()) return;
      telling_ = true;
      std::swap(next, untold_);
    }
    for (const Transition& one : next) {
      for (PresenceObserver* observer : observers_here_) observer->on_presence(one.user, one.online);
      if (users_.others) continue;
      for (PresenceObserver* observer : observers_) observer->on_presence(one.user, one.online);
    }
    const Lock lock(order_);
    telling_ = false;
  }
}

bool Presence::online(std::string_view id) const {
  const Stripe& stripe = users_.of(id);
  const Lock lock(stripe.mutex);
  const HashedText name(id);
  const User* user = stripe.users.find(name);
  if (user && user->online) return true;
  const Elsewhere* there = stripe.elsewhere_of(name);
  return there && there->online;
}

std::vector<std::string> Presence::online_users() const {
  std::vector<std::string> users;
  users.reserve(online_count());
  for (Walk all; !all.over();) {
    walk(all, [&users](const std::string& user) { users.push_back(user); });
  }
  std::sort(users.begin(), users.end());
  return users;
}

std::size_t Presence::walk(Walk& walk, const std::function<void(const std::string& user)>& visit) const {
  constexpr std::size_t kUsersInPiece = 256;
  const Stripe& stripe = users_[walk.stripe];
  std::vector<const User*> piece;  // whose memory is fetched while the others are found
  std::size_t looked_at = 0;
  {
    const Lock lock(stripe.mutex);
    if (walk.pieces == 0)
      walk.pieces = static_cast<std::uint32_t>(
          std::bit_ceil((stripe.users.size() + stripe.elsewhere.size()) / kUsersInPiece + 1));
    stripe.users.each_of(walk.piece, walk.pieces, [&](const User& user) {
      __builtin_prefetch(&user);
      __builtin_prefetch(&user.online);
      piece.push_back(&user);
    });
    for (const User* user : piece) {
      if (user->online) visit(user->id);
    }
    const UserTable* const here = &stripe.users;
    stripe.elsewhere.each_of(walk.piece, walk.pieces, [&](const Elsewhere& there) {
      const User* user = there.online ? here->find(HashedText(there.id)) : nullptr;
      if (there.online && (!user || !user->online)) visit(there.id);
      ++looked_at;
    });
  }
  if (++walk.piece == walk.pieces) walk = {.stripe = walk.stripe + 1};
  return piece.size() + looked_at;
}

void Presence::arm(TimePoint deadline) {
  auto current = next_deadline_.load(std::memory_order_relaxed);
  const auto wanted = deadline.time_since_epoch().count();
  while (wanted < current && !next_deadline_.compare_exchange_weak(current, wanted)) {
  }
  // Shard 0 keeps this time: it must look again, whatever it is waiting for.
  if (wanted < current) static_cast<void>(mailboxes_.post(0, Message::run([] {})));
}

void Presence::on_timer(TimePoint now) {
  if (now < next_deadline()) return;
  next_deadline_.store(kNever.time_since_epoch().count());
  // What is left of a crowd whose graces end at once has the next turn: each takes a microsecond.
  std::size_t left = 1000;
  for (std::size_t i = 0; i < Stripes::kCount && !held_; ++i) end_graces(users_[i], now, left);
  tell();
}

void Presence::end_graces(Stripe& stripe, TimePoint now, std::size_t& left) {
  const Lock lock(stripe.mutex);
  for (; left != 0 && !stripe.leaving.empty() && stripe.leaving.front().offline_at <= now; --left) {
    const auto [user, offline_at] = stripe.leaving.front();
    stripe.leaving.pop_front();
    --user->leaving;
    if (user->offline_at == offline_at && user->online) {  // not back, and not gone again later
      user->offline_at = kNever;
      set(stripe, *user, false);
    }
    if (user->forgotten()) stripe.users.erase(*user);
  }
  if (!stripe.leaving.empty()) arm(stripe.leaving.front().offline_at);
}

}  // namespace signalbox::users
