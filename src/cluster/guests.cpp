#include "cluster/guests.hpp"

#include <algorithm>
#include <utility>

namespace signalbox::cluster {
namespace {

constexpr auto kChannel = redis::Subscriptions::Kind::channel;

}  // namespace

Guests::Guests(Around around, PresenceNode& node, redis::Subscriber& subscriber, const Channels& channels,
               bool hears_all)
    : around_(std::move(around)), node_(node), subscriber_(subscriber), channels_(channels), hears_all_(hears_all) {}

void Guests::changed(const std::string& user, TimePoint now) {
  look(user, now);
}

void Guests::login_begun(LoginBegun login, TimePoint now) {
  const std::string user = login.user;
  Guest& guest = guests_[user];
  ++guest.logins;
  const std::uint64_t number = ++last_;
  guest.waiting.push_back({.number = number, .login = std::move(login)});
  deadlines_.push_back({now + kPatience, user, number});
  look(user, now);
  node_.when_entered(user, [this, user, number](bool entered) { on_entered(user, number, entered); });
}

void Guests::login_begun_alone(LoginBegun login, TimePoint now) {
  const std::string user = login.user;
  ++guests_[user].logins;
  look(user, now);
  let_in_late(std::move(login));
}

void Guests::login_ended(const std::string& user, TimePoint now) {
  if (const auto at = guests_.find(user); at != guests_.end() && at->second.logins != 0) --at->second.logins;
  look(user, now);
}

/// What is so of this user on this node is told, whatever it was before.
void Guests::look(const std::string& user, TimePoint now) {
  const users::Sockets::Here here = around_.here(user);
  const auto at = guests_.find(user);
  const bool comes = at != guests_.end() && at->second.logins != 0;
  if (!comes && !here.online && here.away == 0 && here.connected == 0) return leave(user, now);
  Guest& guest = guests_[user];
  if (hears_all_) guest.heard = true;
  if (!std::exchange(guest.subscribed, true) && !hears_all_)
    subscriber_.subscribe(kChannel, channels_.user(user), when_heard(user));
  const bool online = comes || here.online;
  node_.set(user,
            online ? HereState::online(static_cast<std::uint32_t>(std::max<std::size_t>(here.connected, comes ? 1 : 0)))
                   : HereState::away(),
            now);
}

void Guests::leave(const std::string& user, TimePoint now) {
  const auto at = guests_.find(user);
  if (at == guests_.end()) return;
  node_.set(user, HereState{}, now);
  if (!hears_all_) subscriber_.unsubscribe(kChannel, channels_.user(user));
  guests_.erase(at);
  around_.gone(user);
}

redis::Subscriptions::OnConfirmed Guests::when_heard(const std::string& user) {
  return [this, user](const std::expected<void, redis::Error>& heard) {
    if (!heard && heard.error().kind == redis::Error::Kind::down) return;  // we want it no more, or anew
    if (!heard) around_.unheard(heard.error());
    on_heard(user);
  };
}

void Guests::on_heard(const std::string& user) {
  const auto at = guests_.find(user);
  if (at == guests_.end()) return;
  at->second.heard = true;
  let_in(user);
  if (std::exchange(at->second.missed, false)) around_.back(user);
}

// Where Redis has refused it the login goes on, and what the index has is read once more later.
void Guests::on_entered(const std::string& user, std::uint64_t number, bool entered) {
  const auto at = guests_.find(user);
  if (at == guests_.end()) return;
  for (Waiting& each : at->second.waiting) {
    if (each.number != number) continue;
    each.entered = true;
    each.login.late = each.login.late || !entered;
  }
  let_in(user);
}

void Guests::let_in(const std::string& user) {
  Guest& guest = guests_.find(user)->second;
  if (!guest.heard) return;
  const auto first = std::stable_partition(guest.waiting.begin(), guest.waiting.end(),
                                           [](const Waiting& each) { return !each.entered; });
  std::vector<Waiting> ready(std::make_move_iterator(first), std::make_move_iterator(guest.waiting.end()));
  guest.waiting.erase(first, guest.waiting.end());
  for (Waiting& each : ready) around_.ready(std::move(each.login));
}

void Guests::on_entered_again() {
  std::vector<std::string> users;
  users.reserve(guests_.size());
  for (const auto& [user, guest] : guests_) users.push_back(user);
  for (const std::string& user : users) {
    node_.when_entered(user, [this, user](bool entered) {
      const auto at = guests_.find(user);
      if (at == guests_.end()) return;
      if (!entered) return around_.later(user);
      at->second.heard ? around_.back(user) : void(at->second.missed = true);
    });
  }
}

void Guests::let_in_late(LoginBegun login) {
  ++late_;
  login.late = true;
  around_.ready(std::move(login));
}

void Guests::on_lost() {
  deadlines_.clear();
  std::vector<Waiting> all;
  for (auto& [user, guest] : guests_) {
    std::ranges::move(guest.waiting, std::back_inserter(all));
    guest.waiting.clear();
    guest.missed = false;
    if (!hears_all_ && std::exchange(guest.heard, false))
      subscriber_.subscribe_anew(kChannel, channels_.user(user), when_heard(user));
  }
  for (Waiting& each : all) let_in_late(std::move(each.login));
}

void Guests::on_timer(TimePoint now) {
  while (!deadlines_.empty() && deadlines_.front().at <= now) {
    const Deadline due = std::move(deadlines_.front());
    deadlines_.pop_front();
    const auto at = guests_.find(due.user);
    if (at == guests_.end()) continue;
    auto& waiting = at->second.waiting;
    const auto one = std::ranges::find(waiting, due.number, &Waiting::number);
    if (one == waiting.end()) continue;
    LoginBegun login = std::move(one->login);
    waiting.erase(one);
    let_in_late(std::move(login));
  }
}

}  // namespace signalbox::cluster
