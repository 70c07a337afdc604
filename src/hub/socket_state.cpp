#include "hub/socket_state.hpp"

#include <algorithm>

#include "auth/jwt.hpp"
#include "base/assert.hpp"
#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "base/json_write.hpp"
#include "base/random.hpp"
#include "hub/client.hpp"
#include "hub/guarded.hpp"
#include "hub/handshake.hpp"
#include "hub/local_sockets.hpp"
#include "users/encode.hpp"

namespace signalbox::hub {

using socketio::PacketType;

namespace {

/// Outcomes are acknowledged under their numbers, above all ids that emit_with_ack() gives.
constexpr std::uint64_t kOutcomeAcks = 1'000'000'000'000;
/// A client that acknowledges much at once is noted once.
constexpr Milliseconds kNoteAfter{100};

/// "1,2" -> "[1,2]"
std::string array_of(std::string_view values) {
  std::string array;
  array.reserve(values.size() + 2);
  return std::move(((array += '[') += values) += ']');
}

/// What `authenticate` brought: its first argument's `token`, or nothing.
std::string token_of(std::string_view arguments) {
  const auto token = json_member(json_first(arguments), "token");
  return token ? json_string(*token).value_or("") : "";
}

/// What handlers may still ask for of a connect payload, in no more memory than it takes.
std::unique_ptr<std::string> kept_payload(const Namespace& nsp, const std::string& auth) {
  return nsp.shows_sockets() && auth != "{}" ? std::make_unique<std::string>(auth) : nullptr;
}

}  // namespace

std::string make_socket_id() {
  constexpr std::size_t kBytes = 15;  // 120 random bits are 20 characters
  return random_id(kBytes);
}

SocketState::SocketState(Client& client, const Namespace& nsp, std::optional<SocketUser> user, const std::string& auth,
                         TimePoint now)
    : client_(client), nsp_(nsp), auth_(kept_payload(nsp, auth)) {
  std::ranges::copy_n(make_socket_id().begin(), id_.size(), id_.begin());
  ref_ = client_.local().add(*this, client_.link());
  if (!user) return;
  user_id_ = std::move(user->user_id);
  user_json_ = std::move(user->user_json);
  const auto wall = client_.hub().clocks.wall();
  expiry_ = TokenExpiry(user->expires_at, wall, now, user->issued_at.value_or(wall));
}

SocketState::~SocketState() {
  SB_ASSERT(left_);
}

const Config& SocketState::config() const {
  return client_.hub().config;
}

Handshake SocketState::handshake() const {
  return read_handshake(client_.handshake(), auth_ ? *auth_ : "{}");
}

bool SocketState::claim(RecoveryWish wish) {
  return client_.local().recovery()->claim(*this, std::move(wish));
}

bool SocketState::joins_directory() const {
  return !user_id_.empty() && nsp_.name == kMainNamespace;
}

void SocketState::welcome() {
  Hub& hub = client_.hub();
  users::UserJobs::Replay replay;
  if (joins_directory()) {
    auto joined = hub.directory.sockets.join(user_id_, ref_);
    user_ = joined.user;
    std::string().swap(user_id_);
    replay = std::move(joined.replay);
    withheld_ = replay.withheld;
    hear_of_others();
    if (joined.evicted) client_.send_away(*joined.evicted);
  } else {
    count_elsewhere();
  }
  Recovery* recovery = client_.local().recovery();
  accept(recovery ? recovery->begin(*this, user_) : std::string());
  tell(replay);
  introduce();
}

void SocketState::welcome_back(const FoundSocket& found) {
  recovered_ = true;
  withheld_ = found.withheld;
  id_ = found.id;
  if (found.user) {
    user_ = found.user;
    std::string().swap(user_id_);
    hear_of_others(found.heard);
    if (const auto evicted = client_.hub().directory.sockets.come_back(user_, ref_)) client_.send_away(*evicted);
    if (found.missed.outcome != 0) confirm(found.missed.outcome);
  } else {
    count_elsewhere();
  }
  const auto missed = [&] {
    std::uint64_t newest = 0;
    for (const recovery::History::Event& event : found.missed.events) {
      client_.link().send_kept(event.frame);
      newest = std::max(newest, event.outcome);
    }
    if (newest != 0) sent_outcome(newest);
  };
  accept(found.pid, missed);
  introduce();
}

// In another namespace than the directory's.
void SocketState::count_elsewhere() {
  if (user_id_.empty()) return;
  const auto evicted = client_.hub().elsewhere.add(user_id_, ref_, config().max_connections_per_user);
  if (evicted) client_.send_away(*evicted);
}

/// Who comes and who goes, and what everybody is told, from now on and after `heard`.
void SocketState::hear_of_others(std::uint64_t heard) {
  client_.local().presence().listen(ref_.slot, client_.link(), *user_, heard);
}

// `between` comes behind the answer and before what is sent at every login, whose offset is newer.
void SocketState::accept(std::string_view pid, const std::function<void()>& between) {
  std::string answer = R"({"sid":")";
  answer.append(id());
  if (!pid.empty()) answer.append(R"(","pid":")").append(pid);
  send(PacketType::connect, {}, answer += "\"}", {});
  if (between) between();
  if (!user_id().empty()) emit(events::authenticated, "{\"user\":" + user_json_ + '}');
}

void SocketState::introduce() {
  welcomed_ = true;
  client_.welcomed();
  keep_user(std::move(user_json_));
  for (const auto& handler : nsp_.on_connect) {
    if (left_) return;
    guarded(client_.hub(), "on_connect", user_id(), [&] {
      Socket socket(*this);
      handler(socket);
    });
  }
}

// It has been told to the client: handlers alone ask for it from now on.
void SocketState::keep_user(std::string json) {
  if (!nsp_.shows_sockets()) json.clear();
  json.shrink_to_fit();
  user_json_ = std::move(json);
}

void SocketState::tell(const users::UserJobs::Replay& replay) {
  std::size_t bytes = 0;
  for (const users::JobEntry& entry : replay.entries) bytes += entry.frame->memory();
  client_.spend_replay(replay.entries.size(), bytes);
  if (Recovery* recovery = client_.local().recovery()) {
    recovery->tell(*this, replay);
  } else {
    for (const users::JobEntry& entry : replay.entries) client_.link().send_kept(as_sent(entry.frame, entry.number));
  }
  const auto newest = std::ranges::find_if(replay.entries.rbegin(), replay.entries.rend(), &users::JobEntry::unread);
  if (newest != replay.entries.rend()) sent_outcome(newest->number);
}

// With OUTCOME_ACKS an outcome asks for its acknowledgement, of all sockets under the same id.
FrameRef SocketState::as_sent(const FrameRef& frame, std::uint64_t number) const {
  if (!config().outcome_acks || frame->kind() != FrameKind::outcome) return frame;
  const auto make = [&] {
    const std::string head = socketio::packet_head(PacketType::event, nsp_.name, kOutcomeAcks + number);
    return make_frame(false, FrameKind::outcome, frame->key(), head, frame->packet().substr(2));
  };
  return client_.local().shared_copy(frame, make);
}

void SocketState::send_outcome(const FrameRef& frame, std::uint64_t number) {
  client_.link().send(as_sent(frame, number));
  sent_outcome(number);
}

void SocketState::sent_outcome(std::uint64_t number) {
  if (config().outcome_acks) acks().sent_outcome(number);
  client_.ask_receipt(ref_, number);
}

void SocketState::confirm(std::uint64_t number) {
  if (user_ && number > withheld_)
    client_.hub().directory.ledger.confirm(user_->id, {.after = withheld_, .up_to = number});
}

void SocketState::want_receipt(std::uint64_t number) {
  client_.want_receipt(ref_, number);
}

void SocketState::taken_over(TimePoint now) {
  leave(CloseReason::transport_close, now);
  client_.close_if_empty(CloseReason::transport_close, now);
}

void SocketState::send(PacketType type, std::optional<std::uint64_t> id, std::string_view payload,
                       const Attachments& attachments) {
  if (left_) return;
  const std::string head = socketio::packet_head(type, nsp_.name, id, attachments.size());
  const bool answers = type == PacketType::ack || type == PacketType::binary_ack;
  const FrameKind kind = answers ? FrameKind::event : FrameKind::control;
  client_.link().send(make_frame(false, kind, {}, head, payload));
  for (const std::string& attachment : attachments) client_.link().send(binary_frame(attachment));
}

void SocketState::emit(std::string_view event, std::string_view arguments, const Attachments& attachments) {
  if (left_) return;
  if (Recovery* recovery = client_.local().recovery()) return recovery->emit(*this, event, arguments, attachments);
  client_.link().send(text_frame(socketio::event_packet(nsp_.name, {}, event, arguments, attachments.size())));
  for (const std::string& attachment : attachments) client_.link().send(binary_frame(attachment));
}

void SocketState::emit_with_ack(std::string_view event, std::string_view arguments, const Attachments& attachments,
                                OnAck on_ack, Milliseconds timeout) {
  const Config& config = client_.hub().config;
  if (left_) return on_ack(std::unexpected(AckError::disconnected));
  if (acks().size() >= config.max_pending_acks) return on_ack(std::unexpected(AckError::too_many_pending));
  const Milliseconds wait = timeout.count() == 0 ? config.ack_timeout : timeout;
  const std::uint64_t id = acks_->add(std::move(on_ack), client_.hub().clocks.steady() + wait);
  client_.link().deadline_changed();
  client_.link().send(text_frame(socketio::event_packet(nsp_.name, id, event, arguments, attachments.size())));
  for (const std::string& attachment : attachments) client_.link().send(binary_frame(attachment));
}

void SocketState::send_ack(std::uint64_t id, std::string_view array, const Attachments& attachments) {
  send(attachments.empty() ? PacketType::ack : PacketType::binary_ack, id, array, attachments);
}

Ack SocketState::make_ack(std::uint64_t id) {
  // The answer may come later and from any thread: the socket is looked up again on its own.
  return Ack([&hub = client_.hub(), ref = ref_, id](std::string array, Attachments attachments) {
    users::check_size(array, attachments);
    if (hub.mailboxes.current_shard() == static_cast<int>(ref.shard)) {
      if (SocketState* socket = hub.find(ref)) socket->send_ack(id, array, attachments);
      return;
    }
    // Refused only by shards that have stopped, and then the socket has gone as well.
    static_cast<void>(hub.mailboxes.post(
        ref.shard, Message::run([&hub, ref, id, array = std::move(array), attachments = std::move(attachments)] {
          if (SocketState* socket = hub.find(ref)) socket->send_ack(id, array, attachments);
        })));
  });
}

void SocketState::on_event(const socketio::PacketView& packet, Attachments attachments, TimePoint now) {
  const auto event = socketio::read_event(packet.payload, client_.hub().config.max_event_name_bytes);
  if (!event) return client_.fail(now);
  if (answers_about_jobs(*event, packet)) return;
  Ack ack = packet.ack_id ? make_ack(*packet.ack_id) : Ack();
  if (nsp_.jwt && event->name == events::authenticate) return renew_token(event->arguments, std::move(ack), now);
  handle(event->name,
         {.text = CheckedJson::part(packet.payload, array_of(event->arguments)), .attachments = std::move(attachments)},
         std::move(ack));
}

void SocketState::handle(std::string_view event, Arguments arguments, Ack ack) {
  Hub& hub = client_.hub();
  const auto found = nsp_.handlers.find(event);
  if (found == nsp_.handlers.end() && !nsp_.any) {
    hub.counters.ignored_events.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  guarded(hub, event, user_id(), [&] {
    Socket socket(*this);
    if (found == nsp_.handlers.end()) return nsp_.any(socket, event, std::move(arguments), std::move(ack));
    if (const auto* handler = std::get_if<EventRegistry::Handler>(&found->second)) {
      return (*handler)(socket, arguments.values(), std::move(ack));
    }
    std::get<EventRegistry::TextHandler>(found->second)(socket, std::move(arguments), std::move(ack));
  });
}

PendingAcks& SocketState::acks() {
  if (!acks_) acks_ = std::make_unique<PendingAcks>();
  return *acks_;
}

void SocketState::on_ack(std::uint64_t id, const JsonView& payload, Attachments attachments) {
  if (config().outcome_acks && id >= kOutcomeAcks) {
    acks().note_outcome(id - kOutcomeAcks, client_.hub().clocks.steady() + kNoteAfter);
    return client_.link().deadline_changed();
  }
  OnAck on_ack = acks_ ? acks_->take(id) : OnAck();
  if (!on_ack) return;
  guarded(client_.hub(), "acknowledgement", user_id(),
          [&] { on_ack(Arguments{.text = JsonText(payload), .attachments = std::move(attachments)}); });
}

void SocketState::renew_token(std::string_view arguments, Ack ack, TimePoint now) {
  const auto wall = client_.hub().clocks.wall();
  const std::string token = token_of(array_of(arguments));
  auto identity = nsp_.jwt->verifier().verify(auth::strip_bearer(token), wall);
  if (!identity) {
    return ack(
        json{{"ok", false}, {"code", auth::code(identity.error())}, {"message", auth::message(identity.error())}});
  }
  if (identity->user_id != user_id()) {
    return ack(json{
        {"ok", false}, {"code", "token_invalid"}, {"message", "The token is of another user than this connection."}});
  }
  keep_user(std::move(identity->user_json));
  expiry_ = TokenExpiry(identity->expires_at, wall, now, identity->issued_at.value_or(wall));
  client_.link().deadline_changed();
  ack(json{{"ok", true}});
}

void SocketState::refuse(std::string_view code, std::string_view message, TimePoint now) {
  emit(events::unauthorized, json{{"code", code}, {"message", message}}.dump());
  disconnect(false);
  client_.close_if_empty(CloseReason::forced_close, now);
}

void SocketState::disconnect(bool close) {
  if (left_) return;
  const TimePoint now = client_.hub().clocks.steady();
  send(PacketType::disconnect, {}, {}, {});
  leave(CloseReason::server_namespace_disconnect, now);
  if (close) client_.link().close(CloseReason::forced_close, now);
}

void SocketState::give_up(std::vector<OnAck> waiting, AckError error) {
  for (OnAck& on_ack : waiting) {
    guarded(client_.hub(), "acknowledgement", user_id(), [&] { on_ack(std::unexpected(error)); });
  }
}

void SocketState::leave(CloseReason reason, TimePoint now) {
  if (left_) return;
  left_ = true;
  if (acks_) confirm(acks_->take_outcome(kNever));
  const users::User* user = std::exchange(user_, nullptr);
  if (!user && !user_id_.empty()) client_.hub().elsewhere.remove(user_id_, ref_);
  if (user) user_id_ = user->id;  // the entry may be gone as soon as this socket is not in it
  if (Recovery* recovery = client_.local().recovery()) {
    recovery->depart(*this, user, reason, now);
  } else {
    if (user) client_.hub().directory.sockets.leave(user, ref_, now);
    client_.local().vacate(ref_);
    client_.local().release(ref_);
  }
  if (acks_) give_up(acks_->take_all(), AckError::disconnected);
  if (welcomed_) {
    for (const auto& handler : nsp_.on_disconnect) {
      guarded(client_.hub(), "on_disconnect", user_id_, [&] {
        Socket socket(*this);
        handler(socket, to_text(reason));
      });
    }
  }
  client_.forget_left(now);
}

TimePoint SocketState::next_deadline() const {
  if (!welcomed_) return kNever;
  return std::min(expiry_.next_deadline(), acks_ ? acks_->next_deadline() : kNever);
}

void SocketState::on_timer(TimePoint now) {
  if (acks_ && acks_->next_deadline() <= now) give_up(acks_->take_late(now), AckError::timeout);
  if (left_) return;
  if (acks_) confirm(acks_->take_outcome(now));
  if (expiry_.expired(now)) {
    refuse(auth::code(auth::TokenError::expired), auth::message(auth::TokenError::expired), now);
  } else if (expiry_.notice_due(now)) {
    expiry_.told();
    emit(events::token_expiring, "{\"expiresInMs\":" + std::to_string(expiry_.left(now).count()) + '}');
  }
}

}  // namespace signalbox::hub
