#include "cluster/own_users.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace signalbox::cluster {
namespace {

void call_all(std::vector<OwnUsers::Entered> waiting, bool entered) {
  for (OwnUsers::Entered& each : waiting) each(entered);
}

}  // namespace

void OwnUsers::set(unsigned partition, const std::string& user, HereState state, TimePoint now) {
  now_ = now;
  Users& users = partitions_[partition];
  if (state.is_gone() && !users.contains(user)) return;
  const auto at = users.try_emplace(user).first;
  at->second.wanted = state;
  note(partition, at);
  if (!state.is_gone()) return;
  auto waiting = std::exchange(at->second.waiting, {});
  if (at->second.over()) users.erase(at);
  call_all(std::move(waiting), false);
}

void OwnUsers::when_entered(unsigned partition, std::string_view user, Entered done) {
  Users& users = partitions_[partition];
  const auto at = users.find(user);
  if (at == users.end() || at->second.wanted.is_gone()) return done(false);
  if (at->second.told && !at->second.told->is_gone()) return done(true);
  at->second.waiting.push_back(std::move(done));
}

void OwnUsers::note(unsigned partition, Users::const_iterator at) {
  const User& user = at->second;
  if (!alive_ || user.asking || user.settled()) return;
  const bool counts_only =
      user.told && user.told->kind == user.wanted.kind && (user.told->sockets == 0) == (user.wanted.sockets == 0);
  Gathering& gathering = counts_only ? later_ : soon_;
  gathering.users[partition].insert(at->first);
  gathering.at = std::min(gathering.at, now_ + (counts_only ? times_.count_gather : times_.gather));
}

void OwnUsers::on_alive(const std::string& node, TimePoint now) {
  now_ = now;
  node_ = node;
  alive_ = true;
  if (std::exchange(behind_, false)) tell_all();
}

void OwnUsers::fall_silent() {
  ++era_;
  alive_ = false;
  behind_ = true;
  soon_ = later_ = {};
}

void OwnUsers::on_lost() {
  fall_silent();
  for (Users& users : partitions_) {
    for (auto& [name, user] : users) {
      user.asking = false;
      if (user.told && !user.told->is_gone()) user.told.reset();
    }
  }
  let_go();
}

void OwnUsers::on_swept() {
  fall_silent();
  for (Users& users : partitions_) {
    for (auto& [name, user] : users) {
      user.asking = false;
      user.told = HereState{};
    }
    std::erase_if(users, [](const Users::value_type& each) { return each.second.over(); });
  }
}

void OwnUsers::let_go() {
  std::vector<Entered> waiting;
  for (Users& users : partitions_)
    for (auto& [name, user] : users) std::ranges::move(std::exchange(user.waiting, {}), std::back_inserter(waiting));
  call_all(std::move(waiting), false);
}

void OwnUsers::on_timer(TimePoint now) {
  now_ = now;
  if (now >= soon_.at) tell(std::exchange(soon_, {}));
  if (now >= later_.at) tell(std::exchange(later_, {}));
}

void OwnUsers::take(Users::value_type& user, Batch& batch) {
  auto& [name, its] = user;
  if (its.asking || its.settled()) return;
  its.asking = true;
  its.told.reset();
  batch.push_back({.user = name, .state = its.wanted});
}

void OwnUsers::tell(const Gathering& gathered) {
  for (const auto& [partition, names] : gathered.users) {
    Users& users = partitions_[partition];
    Batch batch;
    for (const std::string& name : names)
      if (const auto at = users.find(name); at != users.end()) take(*at, batch);
    send(partition, batch);
  }
}

void OwnUsers::tell_all() {
  for (unsigned partition = 0; partition < partitions_.size(); ++partition) {
    Batch batch;
    for (auto& user : partitions_[partition]) take(user, batch);
    send(partition, batch);
  }
}

void OwnUsers::send(unsigned partition, const Batch& batch) {
  for (std::span<const UserState> left(batch); !left.empty();) {
    const auto some = left.first(std::min(left.size(), PresenceScripts::kMost));
    left = left.subspan(some.size());
    const Batch piece(some.begin(), some.end());
    scripts_.tell(partition, node_, piece, [this, era = era_, partition, piece](bool done) {
      if (era == era_) on_told(partition, piece, done);
    });
  }
}

// A login does not wait for longer than one answer, whatever it is. What was refused is told again with the next beat.
void OwnUsers::on_told(unsigned partition, const Batch& batch, bool done) {
  Users& users = partitions_[partition];
  std::vector<Entered> waiting;
  for (const auto& [name, state] : batch) {
    const auto at = users.find(name);
    User& user = at->second;
    user.asking = false;
    if (done) user.told = state;
    if (!done || !state.is_gone()) std::ranges::move(std::exchange(user.waiting, {}), std::back_inserter(waiting));
    done ? note(partition, at) : void(behind_ = true);
    if (user.over()) users.erase(at);
  }
  call_all(std::move(waiting), done);
}

void OwnUsers::check(unsigned partition) {
  if (!alive_) return;
  scripts_.count(partition, node_, [this, era = era_, partition](std::optional<std::size_t> there) {
    if (era == era_ && there && differs(partition, *there)) mend(partition);
  });
}

// Redis answers in the order in which it was asked. While something is on its way nobody can say: the next time will
// do.
bool OwnUsers::differs(unsigned partition, std::size_t there) const {
  std::size_t told = 0;
  for (const auto& [name, user] : partitions_[partition]) {
    if (!user.told) return false;
    if (!user.told->is_gone()) ++told;
  }
  return told != there;
}

void OwnUsers::mend(unsigned partition) {
  Batch batch;
  for (auto& user : partitions_[partition]) {
    user.second.told.reset();
    take(user, batch);
  }
  send(partition, batch);
  scripts_.members(partition, node_, [this, era = era_, partition](const std::vector<std::string>& some) {
    if (era == era_) remove_strangers(partition, some);
  });
}

// Whoever is not ours becomes a user of whom we want nothing there, like one who has gone.
void OwnUsers::remove_strangers(unsigned partition, const std::vector<std::string>& users) {
  Batch batch;
  for (const std::string& user : users) {
    const auto [at, unknown] = partitions_[partition].try_emplace(user);
    if (!unknown) continue;
    at->second.told.reset();
    take(*at, batch);
  }
  send(partition, batch);
}

}  // namespace signalbox::cluster
