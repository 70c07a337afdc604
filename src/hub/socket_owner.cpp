#include "hub/socket_owner.hpp"

#include <utility>

#include "hub/client.hpp"
#include "hub/local_sockets.hpp"
#include "hub/outbox.hpp"
#include "hub/registry.hpp"

namespace signalbox::hub {

SocketOwner::SocketOwner(const SocketUser& user, const Clocks& clocks, TimePoint now)
    : id_(user.user_id), json_(user.user_json) {
  renew(user.expires_at, user.issued_at, clocks, now);
}

void SocketOwner::renew(WallTime expires, std::optional<WallTime> issued, const Clocks& clocks, TimePoint now) {
  const WallTime wall = clocks.wall();
  expiry_ = TokenExpiry(expires, wall, now, issued.value_or(wall));
}

bool SocketOwner::joins_directory(const Namespace& nsp) const {
  return !id().empty() && nsp.name == kMainNamespace;
}

void SocketOwner::set_json(std::string_view json, const Outbox& at) {
  json_ = SharedText(json);
  trim_json(at.nsp());
  share_json(at);
}

void SocketOwner::trim_json(const Namespace& nsp) {
  if (!nsp.shows_sockets()) json_ = {};
}

/// Most sockets of a user have the same.
void SocketOwner::share_json(const Outbox& at) {
  if (!entry_ || !at.nsp().shows_sockets()) return;
  json_ = at.client().hub().directory.sockets.shared(entry_, std::move(json_));
}

users::UserJobs::Replay SocketOwner::join(const Outbox& at) {
  if (!joins_directory(at.nsp())) {
    count_elsewhere(at);
    return {};
  }
  Hub& hub = at.client().hub();
  auto joined = hub.directory.sockets.join(id(), at.ref(), at.nsp().shows_sockets() ? json_ : SharedText());
  if (!joined.shown.empty()) json_ = std::move(joined.shown);
  withheld_ = joined.replay.withheld;
  enter(joined.user, 0, at);
  if (joined.evicted) hub.send_away(*joined.evicted);
  return std::move(joined.replay);
}

void SocketOwner::come_back(const recovery::FoundSocket& found, const Outbox& at) {
  withheld_ = found.withheld;
  if (!found.user) return count_elsewhere(at);
  Hub& hub = at.client().hub();
  enter(found.user, found.heard, at);
  share_json(at);
  if (const auto evicted = hub.directory.sockets.come_back(entry_, at.ref())) hub.send_away(*evicted);
  if (found.missed.outcome != 0) confirm(found.missed.outcome, hub);
}

/// It hears who comes and who goes, and what everybody is told, from now on and after `heard`.
void SocketOwner::enter(const users::User* entry, std::uint64_t heard, const Outbox& at) {
  entry_ = entry;
  id_ = {};
  at.client().local().presence().listen(at.ref().slot, at.client().link(), *entry_, heard);
}

// In another namespace than the directory's.
void SocketOwner::count_elsewhere(const Outbox& at) const {
  if (id_.empty()) return;
  Hub& hub = at.client().hub();
  const auto evicted = hub.elsewhere.add(id(), at.ref(), hub.config.max_connections_per_user);
  if (evicted) hub.send_away(*evicted);
}

const users::User* SocketOwner::leave(const Outbox& at) {
  const users::User* entry = std::exchange(entry_, nullptr);
  if (!entry && !id_.empty()) at.client().hub().elsewhere.remove(id(), at.ref());
  if (entry) id_ = SharedText(entry->id);  // the entry may be gone as soon as this socket is not in it
  return entry;
}

void SocketOwner::confirm(std::uint64_t number, const Hub& hub) const {
  if (entry_ && number > withheld_) hub.directory.ledger.confirm(entry_->id, {.after = withheld_, .up_to = number});
}

}  // namespace signalbox::hub
