#include "users/sockets.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace signalbox::users {

Sockets::Joined Sockets::join(std::string_view id, const SocketRef& socket, SharedText shown) {
  const HashedText name(id);
  Joined joined;
  {
    Stripe& stripe = users_.of(name);
    const Lock lock(stripe.mutex);
    User& user = stripe.find_or_add(name);
    joined = {.user = &user,
              .evicted = one_too_many(user),
              .replay = ledger_.replay(user),
              .shown = shared_of(user, std::move(shown))};
    connect(stripe, user, socket);
  }
  presence_.tell();
  return joined;
}

void Sockets::connect(Stripe& stripe, User& user, const SocketRef& socket) {
  user.sockets.insert(user.sockets.begin() + user.connected(), socket);
  changed(user);
  presence_.came(stripe, user);
}

SharedText Sockets::shared(const User* known, SharedText shown) const {
  Stripe& stripe = users_.of(known->id);
  const Lock lock(stripe.mutex);
  return shared_of(stripe.known(known), std::move(shown));
}

SharedText Sockets::shared_of(User& user, SharedText shown) {
  if (shown.empty()) return shown;
  if (user.shown != shown) user.shown = std::move(shown);
  return user.shown;
}

void Sockets::changed(const User& user) const {
  if (users_.others) users_.others->changed(user.id);
}

std::optional<SocketRef> Sockets::come_back(const User* known, const SocketRef& socket) {
  std::optional<SocketRef> evicted;
  {
    Stripe& stripe = users_.of(known->id);
    const Lock lock(stripe.mutex);
    User& user = stripe.known(known);
    take_out(user, socket);
    evicted = one_too_many(user);
    connect(stripe, user, socket);
  }
  presence_.tell();
  return evicted;
}

/// The user's oldest socket, if one more may not be.
std::optional<SocketRef> Sockets::one_too_many(const User& user) const {
  if (most_ == 0 || user.connected() < most_) return std::nullopt;
  // Those before it have been told already, and are on their way out.
  return user.sockets[user.connected() - most_];
}

/// Was it the last that was connected?
bool Sockets::take_out(User& user, const SocketRef& socket) {
  const bool connected = user.connected() != 0;
  SocketRef* const it = std::ranges::find(user.sockets, socket);
  SB_ASSERT(it != user.sockets.end());
  if (it - user.sockets.begin() >= static_cast<std::ptrdiff_t>(user.connected())) --user.away;
  user.sockets.erase(it);
  if (user.sockets.empty()) user.shown = {};
  return connected && user.connected() == 0;
}

void Sockets::leave(const User* known, const SocketRef& socket, TimePoint now) {
  Stripe& stripe = users_.of(known->id);
  const Lock lock(stripe.mutex);
  User& user = stripe.known(known);
  if (take_out(user, socket)) presence_.went(stripe, user, now);
  changed(user);
  if (user.forgotten()) stripe.users.erase(user);
}

std::optional<SocketRef> Sockets::leave_for_now(const User* known, const SocketRef& socket, TimePoint now) {
  Stripe& stripe = users_.of(known->id);
  const Lock lock(stripe.mutex);
  User& user = stripe.known(known);
  if (take_out(user, socket)) presence_.went(stripe, user, now);
  user.sockets.push_back(socket);
  ++user.away;
  changed(user);
  if (most_ == 0 || user.away <= most_) return std::nullopt;
  // Those before it have been told already.
  return user.sockets[user.connected() + (user.away - most_ - 1)];
}

void Sockets::move(const User* known, const SocketRef& from, const SocketRef& to) {
  Stripe& stripe = users_.of(known->id);
  const Lock lock(stripe.mutex);
  User& user = stripe.known(known);
  SocketRef* const it = std::ranges::find(user.sockets, from);
  SB_ASSERT(it != user.sockets.end());
  *it = to;
}

const User* Sockets::user_of(std::string_view id) const {
  const Stripe& stripe = users_.of(id);
  const Lock lock(stripe.mutex);
  return stripe.find_awake(id);
}

std::vector<SocketRef> Sockets::of(std::string_view id) const {
  const Stripe& stripe = users_.of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find_awake(id);
  return user ? std::vector(user->sockets.begin(), user->sockets.end()) : std::vector<SocketRef>();
}

std::vector<SocketRef> Sockets::connected(std::string_view id) const {
  const Stripe& stripe = users_.of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find_awake(id);
  return user ? std::vector(user->sockets.begin(), user->sockets.begin() + user->connected())
              : std::vector<SocketRef>();
}

std::size_t Sockets::connections(std::string_view id) const {
  const HashedText name(id);
  const Stripe& stripe = users_.of(name);
  const Lock lock(stripe.mutex);
  const User* user = stripe.users.find(name);
  const Elsewhere* there = stripe.elsewhere_of(name);
  return (user ? user->connected() : 0) + (there ? there->connections : 0);
}

Sockets::Here Sockets::here(std::string_view id) const {
  const Stripe& stripe = users_.of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find_awake(id);
  return user ? Here{.online = user->online, .connected = user->connected(), .away = user->away} : Here{};
}

}  // namespace signalbox::users
