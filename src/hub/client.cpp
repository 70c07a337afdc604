#include "hub/client.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/json_write.hpp"
#include "base/log.hpp"
#include "hub/local_sockets.hpp"

namespace signalbox::hub {

using socketio::PacketType;
using socketio::PacketView;

/// One call from outside: while it lasts, a socket that leaves is kept, since the call may come from inside it.
class Client::Turn {
 public:
  explicit Turn(Client& client) : client_(client) { ++client_.depth_; }
  ~Turn() {
    if (--client_.depth_ == 0 && client_.passing_) client_.end_turn();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Client& client_;
};

Client::Client(Hub& hub, std::uint32_t shard, Link& link, HandshakeRequest handshake, TimePoint now)
    : hub_(hub),
      local_(*hub.shards[shard]),
      link_(link),
      handshake_(std::move(handshake)),
      connect_until_(now + hub.config.connect_timeout),
      budget_(hub.config.client_events_per_s, now) {}

Client::~Client() {
  SB_ASSERT(closed_ && depth_ == 0);
}

SocketState* Client::find(std::string_view nsp) const {
  for (const auto& socket : sockets_) {
    if (socket->nsp().name == nsp) return socket.get();
  }
  return nullptr;
}

Client::Passing& Client::passing() {
  if (!passing_) passing_ = std::make_unique<Passing>();
  return *passing_;
}

std::span<const std::unique_ptr<Login>> Client::logins() const {
  if (!passing_) return {};
  return passing_->logins;
}

void Client::end_turn() {
  passing_->left.clear();
  std::erase_if(passing_->logins, [](const auto& login) { return login->over(); });
  if (passing_->logins.empty()) passing_.reset();
}

void Client::fail(TimePoint now, CloseReason reason) {
  if (!closed_) link_.close(reason, now);
}

void Client::close_if_empty(CloseReason reason, TimePoint now) {
  if (!closed_ && empty()) link_.close(reason, now);
}

void Client::forget_left(TimePoint now) {
  const auto has_left = [](const auto& socket) { return socket->left(); };
  const auto first =
      std::stable_partition(sockets_.begin(), sockets_.end(), [&](const auto& socket) { return !has_left(socket); });
  std::move(first, sockets_.end(), std::back_inserter(passing().left));
  sockets_.erase(first, sockets_.end());
  const auto admitted = [](const auto& login) { return login->admitted(); };
  if (!sockets_.empty() || std::ranges::any_of(logins(), admitted) || closed_) return welcomed();
  // As one that has just come: with a login, a connection could else stay for ever and count nowhere.
  link_.set_authenticated(false);
  if (logins_under_way() == 0) connect_until_ = now + hub_.config.connect_timeout;
  link_.deadline_changed();
}

void Client::welcomed() {
  if (!sockets_.empty() && logins_under_way() == 0) connect_until_ = kNever;
}

void Client::disconnect(SocketState& socket, bool close) {
  const Turn turn(*this);
  socket.disconnect(close);
}

void Client::send_away(const SocketRef& ref) {
  auto task = [&hub = hub_, ref] {
    SocketState* socket = hub.find(ref);
    if (!socket) return;
    hub.limits.sockets_of_user.reached({{"user", std::string(socket->user_id())}});
    Client& client = socket->client();
    const Turn turn(client);
    socket->disconnect(false);
    client.close_if_empty(CloseReason::forced_close, hub.clocks.steady());
  };
  static_cast<void>(hub_.mailboxes.post(ref.shard, Message::run(std::move(task))));
}

void Client::send(std::string_view nsp, PacketType type, std::string_view payload) {
  link_.send(make_frame(false, FrameKind::control, {}, socketio::packet_head(type, nsp), payload));
}

void Client::spend(TimePoint now, float packets) {
  const std::size_t rate = hub_.config.client_events_per_s;
  budget_.spend(rate, now, packets);
  const TimePoint refilled = budget_.refilled_at(rate);
  if (refilled <= now) return;
  if (read_again_ == kNever) {
    hub_.limits.client_events.reached({{"address", handshake_.remote_address}});
    link_.set_reading(false);
  }
  read_again_ = refilled;
  link_.deadline_changed();
}

float Client::worth_of(std::size_t bytes) const {
  const float seconds = static_cast<float>(bytes) / static_cast<float>(hub_.config.send_queue_bytes);
  return seconds * static_cast<float>(hub_.config.client_events_per_s);
}

void Client::spend_answer(std::size_t bytes) {
  spend(hub_.clocks.steady(), worth_of(bytes));
}

void Client::spend_replay(std::size_t events, std::size_t bytes) {
  if (std::exchange(replayed_, true)) spend(hub_.clocks.steady(), static_cast<float>(events) + worth_of(bytes));
}

void Client::on_text(std::string_view message, TimePoint now) {
  const Turn turn(*this);
  if (unfinished_) return fail(now);
  const auto packet = socketio::decode(message, hub_.config);
  if (!packet) return fail(now);
  const bool is_ack = packet->type == PacketType::ack || packet->type == PacketType::binary_ack;
  if (!is_ack) spend(now);
  if (packet->attachments == 0) return dispatch(*packet, {}, now);
  if (!find(packet->nsp) || !socketio::placeholders_fit(packet->payload, packet->attachments)) return fail(now);
  unfinished_ = std::make_unique<Unfinished>(Unfinished{.text = std::string(message),
                                                        .wanted = packet->attachments,
                                                        .bytes = message.size(),
                                                        .attachments = {},
                                                        .deadline = now + hub_.config.attachments_timeout});
  count_partial();
  link_.deadline_changed();
}

void Client::on_binary(std::string_view bytes, TimePoint now) {
  const Turn turn(*this);
  if (!unfinished_) return fail(now);
  unfinished_->bytes += bytes.size();
  if (unfinished_->bytes > hub_.config.max_payload_bytes) return fail(now);
  unfinished_->attachments.emplace_back(bytes);
  if (unfinished_->attachments.size() < unfinished_->wanted) return count_partial();
  const auto whole = std::exchange(unfinished_, nullptr);
  count_partial();
  const auto packet = socketio::decode(whole->text, hub_.config);
  SB_ASSERT(packet);
  dispatch(*packet, std::move(whole->attachments), now);
}

void Client::dispatch(const PacketView& packet, Attachments attachments, TimePoint now) {
  if (packet.type == PacketType::connect) return connect(packet, now);
  SocketState* socket = find(packet.nsp);
  if (!socket) {
    Login* login = login_to(packet.nsp);
    if (!login || packet.type != PacketType::disconnect) return fail(now);
    return login->abandon(CloseReason::client_namespace_disconnect, now);
  }
  switch (packet.type) {
    case PacketType::disconnect:
      socket->leave(CloseReason::client_namespace_disconnect, now);
      // Nobody will read it, and it would count among what waits for clients without a login.
      if (empty() && link_.held() > hub_.config.preauth_message_bytes) fail(now, CloseReason::slow_consumer);
      return;
    case PacketType::event:
    case PacketType::binary_event:
      return socket->on_event(packet, std::move(attachments), now);
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
  if (packet.payload.size() > hub_.config.preauth_message_bytes) {
    hub_.limits.connect_payload.reached({{"address", handshake_.remote_address}});
    return fail(now, CloseReason::too_large);
  }
  if (packet.ack_id || find(packet.nsp) || login_to(packet.nsp)) return fail(now);
  if (sockets_.size() + logins_under_way() >= hub_.config.max_namespaces) return fail(now);
  const Namespace* nsp = hub_.registry.find(packet.nsp);
  if (!nsp) return send(packet.nsp, PacketType::connect_error, R"({"message":"Invalid namespace"})");
  if (nsp->name == kMainNamespace && link_.held() > hub_.config.send_queue_bytes) {
    // What the login before it brought is still to be read: a login like this one would bring it again, and again.
    return fail(now, CloseReason::slow_consumer);
  }
  connect_until_ = std::min(connect_until_, now + hub_.config.connect_timeout);
  passing().logins.push_back(std::make_unique<Login>(*this, *nsp, packet.payload));
  passing().logins.back()->begin(now);
  welcomed();
  link_.deadline_changed();
}

Login* Client::login_to(std::string_view nsp) const {
  for (const auto& login : logins()) {
    if (!login->over() && login->nsp().name == nsp) return login.get();
  }
  return nullptr;
}

Login& Client::login_of(const SocketState& socket) const {
  const auto all = logins();
  const auto found = std::ranges::find_if(all, [&](const auto& login) { return login->makes(socket); });
  SB_ASSERT(found != all.end());
  return **found;
}

std::size_t Client::logins_under_way() const {
  return static_cast<std::size_t>(std::ranges::count_if(logins(), [](const auto& login) { return !login->over(); }));
}

void Client::admitted(std::string_view user_id) {
  if (!user_id.empty()) link_.set_user(user_id);
  link_.set_authenticated(true);
}

SocketState& Client::take(std::unique_ptr<SocketState> socket) {
  return *sockets_.emplace_back(std::move(socket));
}

void Client::count_partial() {
  std::size_t bytes = unfinished_ ? unfinished_->bytes : 0;
  for (const auto& login : logins()) bytes += login->bytes();
  link_.set_partial(bytes);
}

void Client::on_admission(Login& login, const Middleware& last) {
  const Turn turn(*this);
  login.on_admission(last, hub_.clocks.steady());
  welcomed();
  link_.deadline_changed();
}

void Client::on_claim(SocketState& socket, const recovery::FoundSocket* found) {
  const Turn turn(*this);
  login_of(socket).on_claim(found);
  link_.deadline_changed();
}

void Client::on_loaded(SocketState& socket) {
  const Turn turn(*this);
  login_of(socket).on_loaded();
  link_.deadline_changed();
}

void Client::refuse(const Namespace& nsp, const ConnectRefusal& refusal, TimePoint now) {
  log::debug("a client is refused",
             {{"namespace", nsp.name}, {"why", refusal.message}, {"address", handshake_.remote_address}});
  const auto dump = [](const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); };
  if (!refusal.as_unauthorized_event) {
    json answer = {{"message", refusal.message}};
    if (!refusal.data.is_null()) answer["data"] = refusal.data;
    return send(nsp.name, PacketType::connect_error, dump(answer));
  }
  // What the original's clients listen for: let in, told, and sent away.
  send(nsp.name, PacketType::connect, R"({"sid":")" + make_socket_id() + R"("})");
  link_.send(text_frame(socketio::event_packet(nsp.name, {}, events::unauthorized, dump(refusal.data))));
  send(nsp.name, PacketType::disconnect, {});
  close_if_empty(CloseReason::forced_close, now);
}

void Client::on_closed(CloseReason reason, TimePoint now) {
  const Turn turn(*this);
  closed_ = true;
  local_.questions().forget(link_);
  unfinished_ = nullptr;
  for (const auto& login : logins()) login->abandon(reason, now);
  count_partial();
  if (reason == CloseReason::slow_consumer) {
    hub_.limits.send_queue.reached({{"address", handshake_.remote_address}});
  }
  while (!sockets_.empty()) sockets_.front()->leave(reason, now);
}

void Client::ask_receipt(const SocketRef& socket, std::uint64_t number) {
  await({.marker = last_marker_ + 1, .socket = socket, .number = number});
}

void Client::want_receipt(const SocketRef& socket, std::uint64_t number) {
  await({.marker = last_marker_ + 1, .socket = socket, .of_outcomes = false, .number = number});
}

// All that waits for the same ping is confirmed by one pong: a client that answers none owes one receipt, however much
// it is sent.
void Client::await(const Receipt& receipt) {
  const Receipt* last = receipts_.empty() ? nullptr : &receipts_.back();
  const bool more_of_it = last && last->socket == receipt.socket && last->of_outcomes == receipt.of_outcomes;
  if (more_of_it && link_.wants(last_marker_)) {
    receipts_.back().number = std::max(last->number, receipt.number);
    return;
  }
  receipts_.push_back(receipt);
  link_.confirm(++last_marker_);
}

void Client::on_received(std::uint64_t marker, TimePoint now) {
  constexpr std::chrono::seconds kSecond{1};
  std::erase_if(receipts_, [&](const Receipt& receipt) {
    if (receipt.of_outcomes || receipt.marker > marker) return false;
    local_.outboxes().received(receipt.socket, receipt.number);
    return true;
  });
  for (Receipt& receipt : receipts_) {
    if (receipt.marker > marker) break;
    if (receipt.counts_at == kNever) receipt.counts_at = now + kSecond;
  }
  link_.deadline_changed();
}

void Client::take_receipts(TimePoint now) {
  std::size_t taken = 0;
  for (; taken < receipts_.size() && receipts_[taken].counts_at <= now; ++taken) {
    if (SocketState* socket = hub_.find(receipts_[taken].socket)) socket->confirm(receipts_[taken].number);
  }
  receipts_.erase(receipts_.begin(), receipts_.begin() + static_cast<std::ptrdiff_t>(taken));
  if (receipts_.empty()) std::vector<Receipt>().swap(receipts_);
}

TimePoint Client::next_deadline() const {
  TimePoint next = std::min(connect_until_, read_again_);
  if (!receipts_.empty()) next = std::min(next, receipts_.front().counts_at);
  if (unfinished_) next = std::min(next, unfinished_->deadline);
  for (const auto& socket : sockets_) next = std::min(next, socket->next_deadline());
  return next;
}

void Client::on_timer(TimePoint now) {
  const Turn turn(*this);
  if (now >= connect_until_) {
    if (std::ranges::any_of(logins(), &Login::asks_a_middleware))
      hub_.limits.middleware_time.reached({{"address", handshake_.remote_address}});
    return link_.close(CloseReason::forced_close, now);
  }
  if (unfinished_ && now >= unfinished_->deadline) return fail(now);
  if (!receipts_.empty()) take_receipts(now);
  if (now >= read_again_) {
    read_again_ = kNever;
    link_.set_reading(true);
  }
  // A handler may make others leave while this goes on.
  for (std::size_t i = 0; i < sockets_.size() && !closed_; ++i) {
    if (sockets_[i]->next_deadline() <= now) sockets_[i]->on_timer(now);
  }
}

}  // namespace signalbox::hub
