#include "hub/outboxes.hpp"

#include <algorithm>
#include <utility>

#include "hub/client.hpp"
#include "hub/local_sockets.hpp"
#include "hub/socket_state.hpp"

namespace signalbox::hub {
namespace {

recovery::OutboxOptions options_of(const Hub& hub) {
  const Config& config = hub.config;
  // A half-open connection is found late, and what was missed on it is older than the window.
  return {.window = config.recovery_window,
          .broadcasts = config.recovery_window + config.ping_interval + config.ping_timeout,
          .user_bytes = config.recovery_bytes_per_user,
          .total_bytes = config.recovery_total_bytes / std::max<std::size_t>(1, hub.shards.size()),
          .replay_bytes = std::min(config.recovery_bytes_per_user, config.send_queue_bytes),
          .now = hub.clocks.steady,
          .node = hub.node};
}

}  // namespace

void Outboxes::open() {
  Hub& hub = local_.hub();
  if (hub.config.recovery_window.count() == 0) return;
  numbered_ = std::make_unique<recovery::NumberedOutboxes>(recovery::Surroundings{.options = options_of(hub),
                                                                                  .shard = local_.shard(),
                                                                                  .everywhere = hub.recovery,
                                                                                  .directory = hub.directory.sockets,
                                                                                  .connections = *this});
  local_.presence().set_offsets(numbered_->sender);
}

std::optional<recovery::Wish> Outboxes::take_wish(ConnectAttempt& attempt) const {
  if (!numbered_) return std::nullopt;
  auto wish = recovery::read_wish(attempt.auth());
  for (const char* key : {"pid", "offset"}) attempt.drop_auth_key(key);
  return wish;
}

void Outboxes::deliver(Message& message) {
  numbered_ ? numbered_->sender.deliver(message) : local_.send(message);
}

std::uint64_t Outboxes::number_of(const Message& broadcast) {
  return numbered_ ? numbered_->sender.broadcast(broadcast) : 0;
}

void Outboxes::received(const SocketRef& socket, std::uint64_t number) {
  numbered_->sender.received(socket, number);
}

void Outboxes::on_timer(TimePoint now) {
  if (numbered_) numbered_->on_timer(now);
}

void Outboxes::send(const SocketRef& socket, const FrameRef& frame) {
  local_.link(socket.slot).send(frame);
}

void Outboxes::send_kept(const SocketRef& socket, const FrameRef& frame) {
  local_.link(socket.slot).send_kept(frame);
}

void Outboxes::sent_outcome(const SocketRef& socket, std::uint64_t number) {
  local_.hub().find(socket)->sent_outcome(number);
}

void Outboxes::ask_receipt(const SocketRef& socket, std::uint64_t number) {
  Client& client = local_.hub().find(socket)->client();
  client.receipts().ask_for_outbox(client.link(), socket, number);
}

void Outboxes::take_over(const SocketRef& ref) {
  SocketState& socket = *local_.hub().find(ref);
  const TimePoint now = local_.hub().clocks.steady();
  Client& client = socket.client();
  client.lose(socket, CloseReason::transport_close, now);
  client.close_if_empty(CloseReason::transport_close, now);
}

void Outboxes::answer(const SocketRef& ref, const recovery::FoundSocket* found) {
  SocketState& socket = *local_.hub().find(ref);
  Client& client = socket.client();
  client.resume([&] { client.memberships().login_of(socket).on_claim(found); });
}

void Outboxes::release(const SocketRef& socket) {
  local_.release(socket);
}

bool Outboxes::post(std::uint32_t shard, recovery::Letter letter) {
  return local_.hub().mailboxes.post(
      shard, Message::run([to = local_.hub().shards[shard], letter = std::move(letter)]() mutable {
        to->outboxes().numbered_->on_letter(std::move(letter));
      }));
}

}  // namespace signalbox::hub
