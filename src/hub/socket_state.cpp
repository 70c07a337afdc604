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
#include "hub/traces.hpp"
#include "users/encode.hpp"

namespace signalbox::hub {

using socketio::PacketType;

namespace {

/// A client that acknowledges much at once is noted once.
constexpr Milliseconds kNoteAfter{100};

/// What handlers may still ask for of a connect payload.
SharedText kept_payload(const Namespace& nsp, std::string_view auth) {
  return nsp.shows_sockets() && auth != "{}" ? SharedText(auth) : SharedText();
}

void give_up(Hub& hub, const SocketOwner& owner, std::vector<OnAck> waiting, AckError error) {
  for (OnAck& on_ack : waiting) guarded(hub, "acknowledgement", &owner, [&] { on_ack(std::unexpected(error)); });
}

}  // namespace

SocketState::SocketState(Client& client, const Namespace& nsp, ConnectAttempt& attempt, TimePoint now)
    : outbox_(client, nsp, *this), auth_(kept_payload(nsp, attempt.auth())) {
  std::ranges::copy_n(attempt.id().begin(), id_.size(), id_.begin());
  if (attempt.user()) owner_ = SocketOwner(*attempt.user(), client.hub().clocks, now);
}

SocketState::~SocketState() {
  SB_ASSERT(left_);
}

Handshake SocketState::handshake() const {
  return read_handshake(client().handshake(), auth_.view());
}

void SocketState::welcome() {
  const users::UserJobs::Replay replay = owner_.join(outbox_);
  accept(outbox_.open(*this));
  std::size_t bytes = 0;
  for (const users::JobEntry& entry : replay.entries) bytes += entry.frame->memory();
  client().spend_replay(replay.entries.size(), bytes);
  outbox_.tell(replay);
  std::uint64_t newest = 0;
  for (const users::JobEntry& entry : replay.entries) newest = std::max(newest, entry.unread() ? entry.number : 0);
  if (newest != 0) sent_outcome(newest);
  introduce();
}

void SocketState::welcome_back(const recovery::FoundSocket& found) {
  recovered_ = true;
  id_ = found.id;
  owner_.come_back(found, outbox_);
  const auto missed = [&] {
    std::uint64_t newest = 0;
    for (const recovery::History::Event& event : found.missed.events) {
      outbox_.link().send_kept(event.frame);
      newest = std::max(newest, event.outcome);
    }
    if (newest != 0) sent_outcome(newest);
  };
  accept(found.pid, missed);
  introduce();
}

// `between` comes behind the answer and before what is sent at every login, whose offset is newer.
void SocketState::accept(std::string_view pid, const std::function<void()>& between) {
  if (Traces* traces = client().local().traces()) traces->came(*this);
  std::string answer = R"({"sid":")";
  answer.append(id());
  if (!pid.empty()) answer.append(R"(","pid":")").append(pid);
  outbox_.send(PacketType::connect, {}, answer += "\"}", {});
  if (between) between();
  if (!owner_.id().empty()) emit(events::authenticated, std::string("{\"user\":").append(owner_.json()) += '}');
}

void SocketState::introduce() {
  welcomed_ = true;
  owner_.trim_json(nsp());
  for (const auto& handler : nsp().on_connect) {
    if (left_) return;
    guarded(client().hub(), "on_connect", &owner_, [&] {
      Socket socket(*this);
      handler(socket);
    });
  }
}

void SocketState::send_outcome(const FrameRef& frame, std::uint64_t number) {
  outbox_.send_outcome(frame, number);
  sent_outcome(number);
}

void SocketState::sent_outcome(std::uint64_t number) {
  if (client().hub().config.outcome_acks) acks().sent_outcome(number);
  client().receipts().ask_for_outcomes(client().hub(), outbox_.link(), ref(), number);
}

void SocketState::emit(std::string_view event, std::string_view arguments, const Attachments& attachments) {
  if (!left_) outbox_.emit(event, arguments, attachments);
}

void SocketState::emit(const FrameRef& packet, std::span<const FrameRef> attachments) {
  if (!left_) outbox_.emit(packet, attachments);
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

PendingAcks& SocketState::acks() {
  if (!acks_) acks_ = std::make_unique<PendingAcks>();
  return *acks_;
}

void SocketState::on_ack(std::uint64_t id, const JsonView& payload, Attachments attachments) {
  if (client().hub().config.outcome_acks && id >= kOutcomeAcks) {
    acks().note_outcome(id - kOutcomeAcks, client().hub().clocks.steady() + kNoteAfter);
    return client().link().deadline_changed();
  }
  OnAck on_ack = acks_ ? acks_->take(id) : OnAck();
  if (!on_ack) return;
  guarded(client().hub(), "acknowledgement", &owner_,
          [&] { on_ack(Arguments{.text = JsonText(payload), .attachments = std::move(attachments)}); });
}

void SocketState::disconnect(bool close) {
  if (left_) return;
  const TimePoint now = client().hub().clocks.steady();
  outbox_.send(PacketType::disconnect, {}, {}, {});
  leave(CloseReason::server_namespace_disconnect, now);
  if (close) client().link().close(CloseReason::forced_close, now);
}

void SocketState::leave(CloseReason reason, TimePoint now) {
  if (left_) return;
  left_ = true;
  if (Traces* traces = client().local().traces()) traces->went(*this, reason);
  if (acks_) owner_.confirm(acks_->take_outcome(kNever), client().hub());
  outbox_.close(owner_.leave(outbox_), reason, now);
  if (acks_) give_up(client().hub(), owner_, acks_->take_all(), AckError::disconnected);
  if (welcomed_) {
    for (const auto& handler : nsp().on_disconnect) {
      guarded(client().hub(), "on_disconnect", &owner_, [&] {
        Socket socket(*this);
        handler(socket, to_text(reason));
      });
    }
  }
  client().forget_left(now);
}

TimePoint SocketState::next_deadline() const {
  if (!welcomed_) return kNever;
  return std::min(owner_.expiry().next_deadline(), acks_ ? acks_->next_deadline() : kNever);
}

void SocketState::on_timer(TimePoint now) {
  if (acks_ && acks_->next_deadline() <= now) give_up(client().hub(), owner_, acks_->take_late(now), AckError::timeout);
  if (left_) return;
  if (acks_) owner_.confirm(acks_->take_outcome(now), client().hub());
  TokenExpiry& expiry = owner_.expiry();
  if (expiry.expired(now)) {
    constexpr auto kExpired = auth::TokenError::expired;
    emit(events::unauthorized, json{{"code", auth::code(kExpired)}, {"message", auth::message(kExpired)}}.dump());
    disconnect(false);
    client().close_if_empty(CloseReason::forced_close, now);
  } else if (expiry.notice_due(now)) {
    expiry.told();
    emit(events::token_expiring, "{\"expiresInMs\":" + std::to_string(expiry.left(now).count()) + '}');
  }
}

}  // namespace signalbox::hub
