#include "hub/socket_state.hpp"

#include <algorithm>

#include "auth/jwt.hpp"
#include "base/assert.hpp"
#include "base/json_check.hpp"
#include "base/json_scan.hpp"
#include "base/json_write.hpp"
#include "hub/client.hpp"
#include "hub/guarded.hpp"
#include "hub/handshake.hpp"
#include "hub/local_sockets.hpp"
#include "hub/socket_questions.hpp"
#include "users/encode.hpp"

namespace signalbox::hub {

using socketio::PacketType;

namespace {

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

SocketState::SocketState(Client& client, const Namespace& nsp, ConnectAttempt& attempt, TimePoint now)
    : outbox_(client, nsp, *this), auth_(kept_payload(nsp, attempt.auth())) {
  std::ranges::copy_n(attempt.id().begin(), id_.size(), id_.begin());
  std::optional<SocketUser>& user = attempt.user();
  if (!user) return;
  user_id_ = std::move(user->user_id);
  user_json_ = std::move(user->user_json);
  const auto wall = client.hub().clocks.wall();
  expiry_ = TokenExpiry(user->expires_at, wall, now, user->issued_at.value_or(wall));
}

SocketState::~SocketState() {
  SB_ASSERT(left_);
}

const Config& SocketState::config() const {
  return client().hub().config;
}

Handshake SocketState::handshake() const {
  return read_handshake(client().handshake(), auth_ ? *auth_ : "{}");
}

bool SocketState::joins_directory() const {
  return !user_id_.empty() && nsp().name == kMainNamespace;
}

void SocketState::welcome() {
  Hub& hub = client().hub();
  users::UserJobs::Replay replay;
  if (joins_directory()) {
    auto joined = hub.directory.sockets.join(user_id_, ref());
    user_ = joined.user;
    std::string().swap(user_id_);
    replay = std::move(joined.replay);
    withheld_ = replay.withheld;
    hear_of_others();
    if (joined.evicted) client().send_away(*joined.evicted);
  } else {
    count_elsewhere();
  }
  accept(outbox_.open(*this, user_));
  tell(replay);
  introduce();
}

void SocketState::welcome_back(const recovery::FoundSocket& found) {
  recovered_ = true;
  withheld_ = found.withheld;
  id_ = found.id;
  if (found.user) {
    user_ = found.user;
    std::string().swap(user_id_);
    hear_of_others(found.heard);
    if (const auto evicted = client().hub().directory.sockets.come_back(user_, ref())) client().send_away(*evicted);
    if (found.missed.outcome != 0) confirm(found.missed.outcome);
  } else {
    count_elsewhere();
  }
  const auto missed = [&] {
    std::uint64_t newest = 0;
    for (const recovery::History::Event& event : found.missed.events) {
      client().link().send_kept(event.frame);
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
  const auto evicted = client().hub().elsewhere.add(user_id_, ref(), config().max_connections_per_user);
  if (evicted) client().send_away(*evicted);
}

/// Who comes and who goes, and what everybody is told, from now on and after `heard`.
void SocketState::hear_of_others(std::uint64_t heard) {
  client().local().presence().listen(ref().slot, client().link(), *user_, heard);
}

// `between` comes behind the answer and before what is sent at every login, whose offset is newer.
void SocketState::accept(std::string_view pid, const std::function<void()>& between) {
  std::string answer = R"({"sid":")";
  answer.append(id());
  if (!pid.empty()) answer.append(R"(","pid":")").append(pid);
  outbox_.send(PacketType::connect, {}, answer += "\"}", {});
  if (between) between();
  if (!user_id().empty()) emit(events::authenticated, "{\"user\":" + user_json_ + '}');
}

void SocketState::introduce() {
  welcomed_ = true;
  client().welcomed();
  keep_user(std::move(user_json_));
  for (const auto& handler : nsp().on_connect) {
    if (left_) return;
    guarded(client().hub(), "on_connect", user_id(), [&] {
      Socket socket(*this);
      handler(socket);
    });
  }
}

// It has been told to the client: handlers alone ask for it from now on.
void SocketState::keep_user(std::string json) {
  if (!nsp().shows_sockets()) json.clear();
  json.shrink_to_fit();
  user_json_ = std::move(json);
}

void SocketState::tell(const users::UserJobs::Replay& replay) {
  std::size_t bytes = 0;
  for (const users::JobEntry& entry : replay.entries) bytes += entry.frame->memory();
  client().spend_replay(replay.entries.size(), bytes);
  outbox_.tell(replay);
  const auto newest = std::ranges::find_if(replay.entries.rbegin(), replay.entries.rend(), &users::JobEntry::unread);
  if (newest != replay.entries.rend()) sent_outcome(newest->number);
}

void SocketState::send_outcome(const FrameRef& frame, std::uint64_t number) {
  outbox_.send_outcome(frame, number);
  sent_outcome(number);
}

void SocketState::sent_outcome(std::uint64_t number) {
  if (config().outcome_acks) acks().sent_outcome(number);
  client().ask_receipt(ref(), number);
}

void SocketState::confirm(std::uint64_t number) {
  if (user_ && number > withheld_)
    client().hub().directory.ledger.confirm(user_->id, {.after = withheld_, .up_to = number});
}

void SocketState::emit(std::string_view event, std::string_view arguments, const Attachments& attachments) {
  if (!left_) outbox_.emit(event, arguments, attachments);
}

void SocketState::emit_with_ack(std::string_view event, std::string_view arguments, const Attachments& attachments,
                                OnAck on_ack, Milliseconds timeout) {
  const Config& config = client().hub().config;
  if (left_) return on_ack(std::unexpected(AckError::disconnected));
  if (acks().size() >= config.max_pending_acks) return on_ack(std::unexpected(AckError::too_many_pending));
  const Milliseconds wait = timeout.count() == 0 ? config.ack_timeout : timeout;
  const std::uint64_t id = acks_->add(std::move(on_ack), client().hub().clocks.steady() + wait);
  client().link().deadline_changed();
  outbox_.emit_with_ack(id, event, arguments, attachments);
}

void SocketState::send_ack(std::uint64_t id, std::string_view array, const Attachments& attachments) {
  if (!left_) outbox_.send(attachments.empty() ? PacketType::ack : PacketType::binary_ack, id, array, attachments);
}

Ack SocketState::make_ack(std::uint64_t id) {
  // The answer may come later and from any thread: the socket is looked up again on its own.
  return Ack([&hub = client().hub(), ref = ref(), id](std::string array, Attachments attachments) {
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
  const auto event = socketio::read_event(packet.payload, client().hub().config.max_event_name_bytes);
  if (!event) return client().fail(now);
  if (answer_question(*this, *event, packet)) return;
  Ack ack = packet.ack_id ? make_ack(*packet.ack_id) : Ack();
  if (nsp().jwt && event->name == events::authenticate) return renew_token(event->arguments, std::move(ack), now);
  handle(event->name,
         {.text = CheckedJson::part(packet.payload, array_of(event->arguments)), .attachments = std::move(attachments)},
         std::move(ack));
}

void SocketState::handle(std::string_view event, Arguments arguments, Ack ack) {
  Hub& hub = client().hub();
  const auto found = nsp().handlers.find(event);
  if (found == nsp().handlers.end() && !nsp().any) {
    hub.counters.ignored_events.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  guarded(hub, event, user_id(), [&] {
    Socket socket(*this);
    if (found == nsp().handlers.end()) return nsp().any(socket, event, std::move(arguments), std::move(ack));
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
    acks().note_outcome(id - kOutcomeAcks, client().hub().clocks.steady() + kNoteAfter);
    return client().link().deadline_changed();
  }
  OnAck on_ack = acks_ ? acks_->take(id) : OnAck();
  if (!on_ack) return;
  guarded(client().hub(), "acknowledgement", user_id(),
          [&] { on_ack(Arguments{.text = JsonText(payload), .attachments = std::move(attachments)}); });
}

void SocketState::renew_token(std::string_view arguments, Ack ack, TimePoint now) {
  const auto wall = client().hub().clocks.wall();
  const std::string token = token_of(array_of(arguments));
  auto identity = nsp().jwt->verifier().verify(auth::strip_bearer(token), wall);
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
  client().link().deadline_changed();
  ack(json{{"ok", true}});
}

void SocketState::refuse(std::string_view code, std::string_view message, TimePoint now) {
  emit(events::unauthorized, json{{"code", code}, {"message", message}}.dump());
  disconnect(false);
  client().close_if_empty(CloseReason::forced_close, now);
}

void SocketState::disconnect(bool close) {
  if (left_) return;
  const TimePoint now = client().hub().clocks.steady();
  outbox_.send(PacketType::disconnect, {}, {}, {});
  leave(CloseReason::server_namespace_disconnect, now);
  if (close) client().link().close(CloseReason::forced_close, now);
}

void SocketState::give_up(std::vector<OnAck> waiting, AckError error) {
  for (OnAck& on_ack : waiting) {
    guarded(client().hub(), "acknowledgement", user_id(), [&] { on_ack(std::unexpected(error)); });
  }
}

void SocketState::leave(CloseReason reason, TimePoint now) {
  if (left_) return;
  left_ = true;
  if (acks_) confirm(acks_->take_outcome(kNever));
  const users::User* user = std::exchange(user_, nullptr);
  if (!user && !user_id_.empty()) client().hub().elsewhere.remove(user_id_, ref());
  if (user) user_id_ = user->id;  // the entry may be gone as soon as this socket is not in it
  outbox_.close(user, reason, now);
  if (acks_) give_up(acks_->take_all(), AckError::disconnected);
  if (welcomed_) {
    for (const auto& handler : nsp().on_disconnect) {
      guarded(client().hub(), "on_disconnect", user_id_, [&] {
        Socket socket(*this);
        handler(socket, to_text(reason));
      });
    }
  }
  client().forget_left(now);
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
