#include "hub/client.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/json_write.hpp"
#include "base/log.hpp"
#include "hub/incoming.hpp"

namespace signalbox::hub {

using socketio::PacketType;
using socketio::PacketView;

/// One call from outside: while it lasts, a socket that leaves is kept, since the call may come from inside it.
class Client::Turn {
 public:
  explicit Turn(Client& client) : client_(client) { ++client_.depth_; }
  ~Turn() {
    if (--client_.depth_ == 0) client_.memberships_.clear();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Client& client_;
};

Client::Client(LocalSockets& local, HandshakeRequest handshake, TimePoint now)
    : local_(local),
      handshake_(std::move(handshake)),
      connect_until_(now + local.hub().config.connect_timeout),
      pace_(local.hub(), now) {}

Client::~Client() {
  SB_ASSERT(closed_ && depth_ == 0);
}

void Client::fail(TimePoint now, CloseReason reason) {
  if (!closed_) link().close(reason, now);
}

void Client::close_if_empty(CloseReason reason, TimePoint now) {
  if (!closed_ && memberships_.empty()) link().close(reason, now);
}

void Client::forget_left(TimePoint now) {
  memberships_.forget_left();
  if (memberships_.admitted() || closed_) return welcomed();
  // As one that has just come: with a login, a connection could else stay for ever and count nowhere.
  link().set_authenticated(false);
  if (memberships_.logins_under_way() == 0) connect_until_ = now + hub().config.connect_timeout;
  link().deadline_changed();
}

void Client::welcomed() {
  if (!memberships_.sockets().empty() && memberships_.logins_under_way() == 0) connect_until_ = kNever;
}

void Client::disconnect(SocketState& socket, bool close) {
  const Turn turn(*this);
  socket.disconnect(close);
}

void Client::lose(SocketState& socket, CloseReason reason, TimePoint now) {
  const Turn turn(*this);
  socket.leave(reason, now);
}

void Client::spend_replay(std::size_t events, std::size_t bytes) {
  if (std::exchange(replayed_, true)) pace_.spend_answer(*this, bytes, events);
}

void Client::on_text(std::string_view message, TimePoint now) {
  const Turn turn(*this);
  if (unfinished_) return fail(now);
  const auto packet = socketio::decode(message, hub().config);
  if (!packet) return fail(now);
  const bool is_ack = packet->type == PacketType::ack || packet->type == PacketType::binary_ack;
  if (!is_ack) {
    local_.counts().packets.add();
    pace_.spend(*this, now);
  }
  if (packet->attachments == 0) return dispatch(*packet, {}, now);
  if (!memberships_.find(packet->nsp) || !socketio::placeholders_fit(packet->payload, packet->attachments))
    return fail(now);
  unfinished_ = std::make_unique<Unfinished>(Unfinished{.text = std::string(message),
                                                        .wanted = packet->attachments,
                                                        .bytes = message.size(),
                                                        .attachments = {},
                                                        .deadline = now + hub().config.attachments_timeout});
  count_partial();
  link().deadline_changed();
}

void Client::on_binary(std::string_view bytes, TimePoint now) {
  const Turn turn(*this);
  if (!unfinished_) return fail(now);
  unfinished_->bytes += bytes.size();
  if (unfinished_->bytes > hub().config.max_payload_bytes) return fail(now);
  unfinished_->attachments.emplace_back(bytes);
  if (unfinished_->attachments.size() < unfinished_->wanted) return count_partial();
  const auto whole = std::exchange(unfinished_, nullptr);
  count_partial();
  const auto packet = socketio::decode(whole->text, hub().config);
  SB_ASSERT(packet);
  dispatch(*packet, std::move(whole->attachments), now);
}

void Client::dispatch(const PacketView& packet, Attachments attachments, TimePoint now) {
  if (packet.type == PacketType::connect) return connect(packet, now);
  SocketState* socket = memberships_.find(packet.nsp);
  if (!socket) {
    Login* login = memberships_.login_to(packet.nsp);
    if (!login || packet.type != PacketType::disconnect) return fail(now);
    return login->abandon(CloseReason::client_namespace_disconnect, now);
  }
  switch (packet.type) {
    case PacketType::disconnect:
      socket->leave(CloseReason::client_namespace_disconnect, now);
      // Nobody will read it, and it would count among what waits for clients without a login.
      if (memberships_.empty() && link().held() > hub().config.preauth_message_bytes)
        fail(now, CloseReason::slow_consumer);
      return;
    case PacketType::event:
    case PacketType::binary_event:
      return Incoming(*socket).take(packet, std::move(attachments), now);
    case PacketType::ack:
    case PacketType::binary_ack:
      if (packet.ack_id) socket->on_ack(*packet.ack_id, packet.payload, std::move(attachments));
      return;
    default:
      return fail(now);
  }
}

void Client::connect(const PacketView& packet, TimePoint now) {
  // Also of a client that is logged in elsewhere: its login here may fail, and what is kept of it stays with the
  // socket.
  if (packet.payload.size() > hub().config.preauth_message_bytes) {
    hub().limits.connect_payload.reached({{"address", handshake_.remote_address()}});
    return fail(now, CloseReason::too_large);
  }
  if (packet.ack_id || memberships_.find(packet.nsp) || memberships_.login_to(packet.nsp)) return fail(now);
  const std::size_t namespaces = memberships_.sockets().size() + memberships_.logins_under_way();
  if (namespaces >= hub().config.max_namespaces) return fail(now);
  const Namespace* nsp = hub().registry.find(packet.nsp);
  if (!nsp)
    return link().send(control_frame(PacketType::connect_error, packet.nsp, R"({"message":"Invalid namespace"})"));
  if (nsp->name == kMainNamespace && link().held() > hub().config.send_queue_bytes) {
    // What the login before it brought is still to be read: a login like this one would bring it again, and again.
    return fail(now, CloseReason::slow_consumer);
  }
  connect_until_ = std::min(connect_until_, now + hub().config.connect_timeout);
  memberships_.add(std::make_unique<Login>(*this, *nsp, packet.payload)).begin(now);
  welcomed();
  link().deadline_changed();
}

void Client::resume(const std::function<void()>& step) {
  const Turn turn(*this);
  step();
  welcomed();
  link().deadline_changed();
}

void Client::count_partial() {
  std::size_t bytes = unfinished_ ? unfinished_->bytes : 0;
  for (const auto& login : memberships_.logins()) bytes += login->bytes();
  link().set_partial(bytes);
}

void Client::on_closed(CloseReason reason, TimePoint now) {
  const Turn turn(*this);
  closed_ = true;
  local_.questions().forget(link());
  unfinished_ = nullptr;
  for (const auto& login : memberships_.logins()) login->abandon(reason, now);
  count_partial();
  if (reason == CloseReason::slow_consumer) {
    hub().limits.send_queue.reached({{"address", handshake_.remote_address()}});
  }
  while (!memberships_.sockets().empty()) memberships_.sockets().front()->leave(reason, now);
}

void Client::on_received(std::uint32_t marker, TimePoint now) {
  receipts_.on_received(marker, local_, now);
  link().deadline_changed();
}

TimePoint Client::next_deadline() const {
  return std::min({connect_until_, pace_.next_deadline(hub()), receipts_.next_deadline(), memberships_.next_deadline(),
                   unfinished_ ? unfinished_->deadline : kNever});
}

void Client::on_timer(TimePoint now) {
  const Turn turn(*this);
  if (now >= connect_until_) {
    if (std::ranges::any_of(memberships_.logins(), &Login::asks_a_middleware))
      hub().limits.middleware_time.reached({{"address", handshake_.remote_address()}});
    return link().close(CloseReason::forced_close, now);
  }
  if (unfinished_ && now >= unfinished_->deadline) return fail(now);
  receipts_.on_timer(hub(), now);
  pace_.on_timer(*this, now);
  // A handler may make others leave while this goes on.
  for (std::size_t i = 0; i < memberships_.sockets().size() && !closed_; ++i) {
    SocketState& socket = *memberships_.sockets()[i];
    if (socket.next_deadline() <= now) socket.on_timer(now);
  }
}

}  // namespace signalbox::hub
