#include "hub/directory.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/json_write.hpp"
#include "base/text.hpp"

namespace signalbox::hub {
namespace {

FrameRef presence_frame(const User& user, bool online) {
  std::string data = "{\"userId\":";
  append_json_string(data, user.id);
  data += "}]";
  const auto kind = online ? FrameKind::user_online : FrameKind::user_offline;
  const std::string_view head = online ? "42[\"user_online\"," : "42[\"user_offline\",";
  return make_frame(false, kind, TextHash{}(user.id), head, data);
}

}  // namespace

struct Directory::Stripe {
  mutable Mutex mutex;
  // Values are pointers so that a User stays where it is while its sockets name it.
  std::unordered_map<std::string_view, std::unique_ptr<User>, TextHash, std::equal_to<>> users SB_GUARDED_BY(mutex);

  User* find(std::string_view id) const SB_REQUIRES(mutex) {
    auto it = users.find(id);
    return it == users.end() ? nullptr : it->second.get();
  }
  User& find_or_add(std::string_view id) SB_REQUIRES(mutex) {
    if (User* user = find(id)) return *user;
    auto user = std::make_unique<User>(id);
    User& reference = *user;
    users.emplace(std::string_view(reference.id), std::move(user));
    return reference;
  }
};

Directory::Directory(Mailboxes& mailboxes, DirectoryOptions options)
    : mailboxes_(mailboxes),
      options_(options),
      stripes_(std::make_unique<Stripe[]>(kStripes)),
      next_deadline_(kNever.time_since_epoch().count()) {}

Directory::~Directory() = default;

Directory::Stripe& Directory::stripe_of(std::string_view user) const {
  // The upper bits: the map inside the stripe uses the lower ones.
  return stripes_[(TextHash{}(user) >> 48) % kStripes];
}

void Directory::announce(const User& user, bool online) {
  if (!options_.presence_events) return;
  const FrameRef frame = presence_frame(user, online);
  const Lock order(presence_order_);
  for (unsigned shard = 0; shard < mailboxes_.shards(); ++shard) {
    // A presence event is news, not a promise: a shard that is overloaded tells it at the next login of its clients.
    static_cast<void>(mailboxes_.post(shard, Message::broadcast(frame, &user)));
  }
}

Directory::Joined Directory::join(std::string_view id, const SocketRef& socket, TimePoint) {
  Stripe& stripe = stripe_of(id);
  const Lock lock(stripe.mutex);
  User& user = stripe.find_or_add(id);
  Joined joined{.user = &user, .evicted = {}};
  if (options_.max_connections_per_user != 0 && user.sockets.size() >= options_.max_connections_per_user) {
    // Those before it have been told already, and are on their way out.
    joined.evicted = user.sockets[user.sockets.size() - options_.max_connections_per_user];
  }
  user.sockets.push_back(socket);
  user.offline_at = kNever;
  if (!user.online) {
    user.online = true;
    online_count_.fetch_add(1, std::memory_order_relaxed);
    announce(user, true);
  }
  return joined;
}

void Directory::leave(const User* known, const SocketRef& socket, TimePoint now) {
  Stripe& stripe = stripe_of(known->id);
  const Lock lock(stripe.mutex);
  User* user = stripe.find(known->id);
  SB_ASSERT(user == known);
  const auto it = std::find(user->sockets.begin(), user->sockets.end(), socket);
  SB_ASSERT(it != user->sockets.end());
  user->sockets.erase(it);
  if (!user->sockets.empty()) return;
  user->offline_at = now + options_.presence_grace;
  arm(user->offline_at);
}

std::expected<std::size_t, Directory::Refusal> Directory::emit(std::string_view id, const FrameRef& frame) {
  Stripe& stripe = stripe_of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(id);
  if (!user) return 0;
  if (user->sockets.size() == 1) {
    const SocketRef& to = user->sockets.front();
    if (!mailboxes_.post(to.shard, Message::deliver(to, frame))) return std::unexpected(Refusal::overloaded);
    return 1;
  }
  for (const SocketRef& to : user->sockets) {
    if (!mailboxes_.has_room(to.shard, user->sockets.size())) return std::unexpected(Refusal::overloaded);
  }
  std::size_t queued = 0;
  for (const SocketRef& to : user->sockets) queued += mailboxes_.post(to.shard, Message::deliver(to, frame));
  return queued;
}

std::expected<std::size_t, Directory::Refusal> Directory::emit_all(const std::vector<Emission>& emissions) {
  std::vector<std::size_t> wanted(mailboxes_.shards());
  for (const Emission& emission : emissions) {
    Stripe& stripe = stripe_of(emission.user);
    const Lock lock(stripe.mutex);
    if (const User* user = stripe.find(emission.user)) {
      for (const SocketRef& to : user->sockets) ++wanted[to.shard];
    }
  }
  for (unsigned shard = 0; shard < wanted.size(); ++shard) {
    if (wanted[shard] != 0 && !mailboxes_.has_room(shard, wanted[shard])) return std::unexpected(Refusal::overloaded);
  }
  std::size_t online = 0;
  for (const Emission& emission : emissions) {
    Stripe& stripe = stripe_of(emission.user);
    const Lock lock(stripe.mutex);
    const User* user = stripe.find(emission.user);
    if (!user || user->sockets.empty()) continue;
    ++online;
    for (const SocketRef& to : user->sockets) {
      // Room was seen above; what other threads took of it since comes out of the mailbox's reserve.
      static_cast<void>(mailboxes_.post(to.shard, Message::deliver(to, emission.frame)));
    }
  }
  return online;
}

bool Directory::online(std::string_view id) const {
  const Stripe& stripe = stripe_of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(id);
  return user && user->online;
}

std::size_t Directory::connections(std::string_view id) const {
  const Stripe& stripe = stripe_of(id);
  const Lock lock(stripe.mutex);
  const User* user = stripe.find(id);
  return user ? user->sockets.size() : 0;
}

std::vector<std::string> Directory::online_users() const {
  std::vector<std::string> users;
  users.reserve(online_count());
  for (std::size_t i = 0; i < kStripes; ++i) {
    const Lock lock(stripes_[i].mutex);
    for (const auto& [id, user] : stripes_[i].users) {
      if (user->online) users.emplace_back(id);
    }
  }
  std::sort(users.begin(), users.end());
  return users;
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
  return TimePoint(TimePoint::duration(next_deadline_.load(std::memory_order_relaxed)));
}

void Directory::on_timer(TimePoint now) {
  if (now < next_deadline()) return;
  next_deadline_.store(kNever.time_since_epoch().count());
  for (std::size_t i = 0; i < kStripes; ++i) {
    const Lock lock(stripes_[i].mutex);
    auto& users = stripes_[i].users;
    for (auto it = users.begin(); it != users.end();) {
      User& user = *it->second;
      if (user.offline_at > now) {
        if (user.offline_at != kNever) arm(user.offline_at);
        ++it;
        continue;
      }
      online_count_.fetch_sub(1, std::memory_order_relaxed);
      announce(user, false);
      it = users.erase(it);
    }
  }
}

}  // namespace signalbox::hub
