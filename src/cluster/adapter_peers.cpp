#include "cluster/adapter_peers.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "cluster/adapter_writer.hpp"

namespace signalbox::cluster {
namespace {

/// The users whose rooms these are, each once; nothing if there is a room of another kind.
std::optional<std::vector<std::string_view>> users_of(const std::vector<std::string>& rooms) {
  std::vector<std::string_view> users;
  std::unordered_set<std::string_view> seen;
  for (const std::string& room : rooms) {
    const auto user = user_of_room(room);
    if (!user) return std::nullopt;
    if (seen.insert(*user).second) users.push_back(*user);
  }
  return users;
}

bool is_job_event(std::string_view event) {
  return event == events::job_progress || event == events::job_completed || event == events::job_failed;
}

}  // namespace

AdapterPeers::AdapterPeers(AdapterOptions options, const Channels& channels, redis::Client& commands,
                           users::Directory& directory, users::Emitter& emitter, RoomActions& rooms,
                           const Guests& guests, Counts& counts)
    : options_(std::move(options)),
      channels_(channels),
      commands_(commands),
      directory_(directory),
      emitter_(emitter),
      rooms_(rooms),
      guests_(guests),
      counts_(counts) {}

// By patterns, which PUBSUB NUMSUB does not count: whoever is counted owes servers of Socket.IO answers.
void AdapterPeers::add_channels(OwnChannels& own, const std::vector<std::string>& namespaces) {
  const auto listen_to = [&own](std::string pattern) {
    own.add(OwnChannels::Kind::pattern, std::move(pattern), OwnChannels::Need::may);
  };
  listen_to(literal_pattern(channels_.broadcast()) + (options_.all_users ? "*" : ""));
  listen_to(literal_pattern(channels_.request()));
  for (const std::string& nsp : namespaces) {
    if (nsp == "/") continue;
    others_.push_back({nsp, Channels(channels_.key(), nsp)});
    listen_to(literal_pattern(others_.back().channels.broadcast()) + "*");
    listen_to(literal_pattern(others_.back().channels.request()));
  }
}

bool AdapterPeers::on_published(const redis::Published& published) {
  const std::string_view channel = published.channel;
  if (channel.starts_with(channels_.broadcast())) return on_message(published.payload), true;
  if (channel == channels_.request()) return on_request("/", published.payload), true;
  for (const Nsp& nsp : others_) {
    if (channel.starts_with(nsp.channels.broadcast())) return on_message(published.payload), true;
    if (channel == nsp.channels.request()) return on_request(nsp.name, published.payload), true;
  }
  return false;
}

void AdapterPeers::on_message(std::string_view payload) {
  auto message = read_adapter_message(payload, options_.limits);
  if (!message) return counts_.refusals.unreadable.reached({{"why", std::string(message.error())}});
  if (message->sender.starts_with(options_.sender)) return;
  counts_.adapter_in.fetch_add(1, std::memory_order_relaxed);
  take(*std::move(message));
}

// What the ledger knows of goes through the directory, as all that is emitted to users; the rest to their sockets.
void AdapterPeers::take(AdapterMessage message) {
  const bool plain = message.nsp == "/" && message.attachments.empty() && message.to.except.empty();
  const bool job = is_job_event(message.event) && message.attachments.empty() && message.nsp == "/";
  const auto users = users_of(message.to.rooms);
  if (users && !users->empty() && (job || (plain && !message.is_volatile))) {
    if (users->size() > 1 && keeps_()) enter(message, *users);
    return take_for_users(message, *users);
  }
  if (plain && message.to.rooms.empty() && !message.is_volatile) {
    auto event = users::event_frame_of_arguments(message.event, message.arguments, options_.emit_limits);
    if (!event) return refuse(to_text(event.error()));
    if (!emitter_.take_for_all(users::notice_of(*std::move(event)))) refuse("the server is overloaded");
    return;
  }
  if (const auto sent = rooms_.emit(std::move(message)); !sent) refuse(to_text(sent.error()));
}

// Of users who are not here others tell, or nobody.
void AdapterPeers::take_for_users(const AdapterMessage& message, const std::vector<std::string_view>& users) {
  auto event = users::event_frame_of_arguments(message.event, message.arguments, options_.emit_limits);
  if (!event) return refuse(to_text(event.error()));
  const std::unordered_set<std::string_view> except(message.to.except.begin(), message.to.except.end());
  for (const std::string_view user : users) {
    const bool excepted = !except.empty() && except.contains("user:" + std::string(user));
    if (excepted || !guests_.has(user)) continue;
    const bool shared = ledger_ && event->kept_outcome();
    if (shared) ledger_->enter(user, *event->frame);
    const users::Row row = shared ? ledger_->row_of(SharedLedger::name_of_emitted(user, *event->frame)) : 0;
    const auto taken = directory_.hear(user, *event, row);
    if (taken) continue;
    refuse(to_text(users::to_emit_error(taken.error())));
    if (shared) ledger_->read_later(std::string(user));
  }
}

void AdapterPeers::keep(std::string_view payload) {
  const auto message = read_adapter_message(payload, options_.limits);
  if (!message || message->sender.starts_with(options_.sender) || !message->attachments.empty()) return;
  if (const auto users = users_of(message->to.rooms); users && is_job_event(message->event)) enter(*message, *users);
}

/// What the others of these users, who are on no node of their own knowledge, are to be told when they come.
void AdapterPeers::enter(const AdapterMessage& message, const std::vector<std::string_view>& users) {
  const auto event = users::event_frame_of_arguments(message.event, message.arguments, options_.emit_limits);
  if (!event || !event->kept_outcome() || !ledger_) return;
  for (const std::string_view user : users) {
    if (!guests_.has(user)) ledger_->enter(user, *event->frame);
  }
}

void AdapterPeers::refuse(std::string_view why) {
  counts_.refusals.events.reached({{"why", std::string(why)}});
}

void AdapterPeers::on_request(const std::string& nsp, std::string_view payload) {
  const auto request = read_adapter_request(payload, options_.limits);
  if (!request) return counts_.refusals.unreadable.reached({{"why", std::string(request.error())}});
  using RequestType = AdapterRequest::Type;
  if (request->type == RequestType::disconnect) return rooms_.disconnect(nsp, request->of, request->closes);
  if (request->type == RequestType::join || request->type == RequestType::leave) counts_.refusals.requests.reached();
}

void AdapterPeers::look_for_servers() {
  commands_.send({"PUBSUB", "NUMSUB", channels_.request()}, [this](const redis::Answer& answer) {
    if (!answer || answer->elements.size() != 2) return;
    const bool listen = answer->elements[1].number != 0;
    if (listen_.exchange(listen) == listen) return;
    log::info(listen ? "servers of Socket.IO are there: what is emitted here is published for them as well"
                     : "no server of Socket.IO is there any more");
  });
}

void AdapterPeers::publish(const Emitted& emitted) {
  AdapterRooms to;
  if (!emitted.user.empty()) to.rooms.push_back("user:" + emitted.user);
  const auto message = adapter_message(options_.sender, "/", users::event_array(*emitted.event), to);
  if (!message) return counts_.refusals.unwritable.reached({{"why", std::string(message.error())}});
  const std::string channel = to.rooms.empty() ? channels_.broadcast() : channels_.room(to.rooms.front());
  commands_.send({"PUBLISH", channel, *message}, [](const redis::Answer&) {});
}

}  // namespace signalbox::cluster
