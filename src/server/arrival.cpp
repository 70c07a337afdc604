#include "server/arrival.hpp"

#include <utility>

#include "recovery/letters.hpp"
#include "recovery/pid.hpp"
#include "socketio/packet.hpp"

namespace signalbox::server {

bool Arrival::keeps(bool binary, std::string_view message, TimePoint now) {
  if (state_ == State::new_here) {
    std::string pid = binary ? std::string() : pid_elsewhere(message);
    if (pid.empty()) return false;
    ask(std::move(pid));
  }
  if (state_ == State::over) return false;
  hold(binary, message, now);
  return true;
}

std::string Arrival::pid_elsewhere(std::string_view message) const {
  const Config& config = client_.hub().config;
  const auto packet = socketio::decode(message, config);
  if (!packet || packet->type != socketio::PacketType::connect || message.size() > config.preauth_message_bytes)
    return {};
  const auto wish = recovery::read_wish(packet->payload);
  if (!wish || !all_.cluster.carries()) return {};
  const std::string_view node = recovery::node_of(wish->pid);
  return node.empty() || node == all_.cluster.tag() ? std::string() : wish->pid;
}

void Arrival::ask(std::string pid) {
  state_ = State::held;
  node_ = recovery::node_of(pid);
  number_ = all_.asking.add(*this);
  all_.cluster.find_socket(node_, std::move(pid), [&all = all_, number = number_](bool there) {
    // Refused only by shards that have stopped.
    static_cast<void>(all.network.post(all.shard, Message::run([&all, number, there] {
                                         if (Arrival* still = all.asking.find(number)) still->on_answer(there);
                                       })));
  });
}

// As an unauthenticated client it has no more room than for one message of such a one.
void Arrival::hold(bool binary, std::string_view message, TimePoint now) {
  held_bytes_ += message.size();
  if (held_bytes_ > client_.hub().config.preauth_message_bytes) return session_.close(CloseReason::too_large, now);
  held_.push_back({binary, std::string(message)});
  control_.set_partial(held_bytes_);
}

void Arrival::forget() {
  if (number_ != 0) all_.asking.remove(std::exchange(number_, 0));
}

void Arrival::on_answer(bool there) {
  forget();
  const auto then = [this](engineio::SessionHandler* relay) { relay ? on_relay(*relay) : serve_here(); };
  if (!there || !control_.relay_to(node_, client_.handshake(), then)) serve_here();
}

std::vector<Arrival::Held> Arrival::take_held() {
  state_ = State::over;
  control_.set_partial(0);
  return std::exchange(held_, {});
}

void Arrival::on_relay(engineio::SessionHandler& relay) {
  const TimePoint now = client_.hub().clocks.steady();
  client_.on_closed(CloseReason::transport_close, now);
  for (const Held& message : take_held())
    message.binary ? relay.on_binary(message.bytes, now) : relay.on_text(message.bytes, now);
}

// It may end with any of them.
void Arrival::serve_here() {
  const TimePoint now = client_.hub().clocks.steady();
  for (const Held& message : take_held()) {
    if (!session_.open()) return;
    message.binary ? client_.on_binary(message.bytes, now) : client_.on_text(message.bytes, now);
  }
}

}  // namespace signalbox::server
