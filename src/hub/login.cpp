#include "hub/login.hpp"

#include <utility>
#include <variant>

#include "base/assert.hpp"
#include "hub/client.hpp"
#include "hub/local_sockets.hpp"
#include "hub/socket_state.hpp"

namespace signalbox::hub {

using socketio::PacketType;

FrameRef control_frame(PacketType type, std::string_view nsp, std::string_view payload) {
  return make_frame(false, FrameKind::control, {}, socketio::packet_head(type, nsp), payload);
}

Login::Login(Client& client, const Namespace& nsp, std::string_view payload)
    : client_(client), nsp_(nsp), attempt_(client.handshake(), nsp.name, payload, client.hub().config.json_depth) {}

Login::~Login() {
  SB_ASSERT(over_ && !socket_ && id_ == 0);
  if (!heard_.empty()) client_.hub().others->end_login(std::move(heard_));
}

void Login::begin(TimePoint now) {
  begun_ = now;
  wish_ = client_.local().outboxes().take_wish(attempt_);
  admit(now);
}

void Login::admit(TimePoint now) {
  while (next_ < nsp_.chain.size()) {
    const ChainLink& link = nsp_.chain[next_++];
    if (const auto* takes_its_time = std::get_if<AsyncMiddleware>(&link)) return ask(*takes_its_time, now);
    const auto let_in = call(client_.hub(), std::get<Middleware>(link), attempt_);
    if (!let_in) return refuse(let_in.error(), now);
  }
  claim(now);
}

// What it says comes through the mailbox in any case, and so in a turn of its own.
void Login::ask(const AsyncMiddleware& middleware, TimePoint now) {
  Hub& hub = client_.hub();
  if (hub.counters.pending_logins.fetch_add(1) >= hub.limits.pending_logins.value()) {
    hub.counters.pending_logins.fetch_sub(1);
    hub.limits.pending_logins.reached({{"address", client_.handshake().remote_address()}});
    over_ = true;
    return client_.fail(now, CloseReason::forced_close);
  }
  id_ = client_.local().logins().add(*this);
  client_.count_partial();
  LoginDone done([&hub, shard = client_.local().shard(), id = id_](Middleware last) {
    // Refused only by shards that have stopped.
    static_cast<void>(hub.mailboxes.post(shard, Message::run([&hub, shard, id, last = std::move(last)] {
                                           if (Login* login = hub.shards[shard]->logins().find(id))
                                             login->client_.resume(
                                                 [&] { login->on_admission(last, hub.clocks.steady()); });
                                         })));
  });
  if (const auto asked = call(hub, middleware, attempt_, std::move(done)); !asked) {
    stop_waiting();
    refuse(asked.error(), now);
  }
}

void Login::stop_waiting() {
  if (id_ == 0) return;
  client_.local().logins().remove(std::exchange(id_, 0));
  client_.hub().counters.pending_logins.fetch_sub(1);
  client_.count_partial();
}

void Login::on_admission(const Middleware& last, TimePoint now) {
  stop_waiting();
  if (left_) {
    over_ = true;
    return;
  }
  const auto let_in = call(client_.hub(), last, attempt_);
  let_in ? admit(now) : refuse(let_in.error(), now);
}

void Login::refuse(const ConnectRefusal& refusal, TimePoint now) {
  over_ = true;
  client_.local().counts().refused_logins[reason_of(refusal)].add();
  log::debug("a client is refused",
             {{"namespace", nsp_.name}, {"why", refusal.message}, {"address", client_.handshake().remote_address()}});
  const auto dump = [](const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); };
  if (!refusal.as_unauthorized_event) {
    json answer = {{"message", refusal.message}};
    if (!refusal.data.is_null()) answer["data"] = refusal.data;
    return client_.link().send(control_frame(PacketType::connect_error, nsp_.name, dump(answer)));
  }
  // What the original's clients listen for: let in, told, and sent away.
  const std::string welcome = R"({"sid":")" + make_socket_id() + R"("})";
  client_.link().send(control_frame(PacketType::connect, nsp_.name, welcome));
  client_.link().send(text_frame(socketio::event_packet(nsp_.name, {}, events::unauthorized, dump(refusal.data))));
  client_.link().send(control_frame(PacketType::disconnect, nsp_.name));
  client_.close_if_empty(CloseReason::forced_close, now);
}

void Login::claim(TimePoint now) {
  if (attempt_.user()) client_.link().set_user(attempt_.user()->user_id);
  client_.link().set_authenticated(true);
  socket_ = std::make_unique<SocketState>(client_, nsp_, attempt_, now);
  if (!wish_ || !socket_->outbox().claim(*socket_, *std::exchange(wish_, {}))) hear();
}

void Login::on_claim(const recovery::FoundSocket* found) {
  if (!found) return hear();
  hand_over().welcome_back(*found);
}

void Login::hear() {
  if (!socket_->owner().joins_directory(nsp_)) return on_loaded();
  if (!client_.hub().others) return load();
  heard_ = socket_->owner().id();
  client_.hub().others->begin_login(heard_, socket_->ref().shard,
                                    [&hub = client_.hub(), ref = socket_->ref()] { resume(hub, ref, &Login::load); });
}

void Login::resume(Hub& hub, const SocketRef& ref, void (Login::*step)()) {
  SocketState* still = hub.find(ref);
  if (!still) return;
  Client& client = still->client();
  client.resume([&] { (client.memberships().login_of(*still).*step)(); });
}

void Login::load() {
  client_.hub().directory.reader.when_loaded(
      socket_->owner().id(), socket_->ref().shard,
      [&hub = client_.hub(), ref = socket_->ref()] { resume(hub, ref, &Login::on_loaded); });
}

void Login::on_loaded() {
  hand_over().welcome();
}

SocketState& Login::hand_over() {
  over_ = true;
  client_.local().counts().logins.observe(client_.hub().clocks.steady() - begun_);
  return client_.memberships().add(std::move(socket_));
}

void Login::abandon(CloseReason reason, TimePoint now) {
  // Else one connection could have a middleware asked any number of times at once.
  left_ = asks_a_middleware() && reason == CloseReason::client_namespace_disconnect;
  if (left_ || std::exchange(over_, true)) return;
  stop_waiting();
  if (!socket_) return;
  socket_->leave(reason, now);
  socket_.reset();
}

}  // namespace signalbox::hub
