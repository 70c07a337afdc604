#include "server/shard_application.hpp"

#include <algorithm>

#include "server/admin/admin_answers.hpp"
#include "server/admin/noted_refusals.hpp"
#include "server/client_handler.hpp"
#include "server/routes.hpp"

namespace signalbox::server {
namespace {

// Nobody is closed for what we tell of others.
hub::PresenceLimits presence_limits(const Config& config) {
  hub::PresenceLimits limits;
  limits.queue = std::min(limits.queue, config.send_queue_bytes);
  limits.slow_queue = std::min(limits.slow_queue, config.send_queue_bytes);
  return limits;
}

}  // namespace

ShardApplication::ShardApplication(Parts parts, unsigned shard)
    : parts_(parts), shard_(shard), sockets_(parts.hub, shard, presence_limits(parts.hub.config)) {
  parts_.hub.shards[shard] = &sockets_;
  sockets_.outboxes().open();
  if (parts_.cluster) arrivals_.emplace(*parts_.cluster, parts_.network, shard);
}

std::unique_ptr<engineio::SessionHandler> ShardApplication::on_session(engineio::Session& session,
                                                                       net::SessionControl& control,
                                                                       HandshakeRequest handshake, TimePoint now) {
  return std::make_unique<ClientHandler>(session, control, sockets_, std::move(handshake), now,
                                         arrivals_ ? &*arrivals_ : nullptr);
}

void ShardApplication::on_message(Message& message, TimePoint) {
  sockets_.on_message(message);
}

std::optional<net::Response> ShardApplication::on_head(const net::RequestHead& head, net::Admission& admission) {
  auto refusal = at(head.door).on_head(head, admission);
  if (parts_.admin) note_if_refused(head, refusal);
  return refusal;
}

net::Response ShardApplication::refusal(int status, net::Door door) {
  auto response = server::refusal(status);
  return door == net::Door::admin ? admin::secured(std::move(response)) : response;
}

void ShardApplication::on_request(const net::RequestHead& head, std::string_view body, const net::RequestId& id,
                                  TimePoint now) {
  auto response = at(head.door).on_request(head, body, id, now);
  if (parts_.admin) note_if_refused(head, response);
  if (response) parts_.network.answer(id, std::move(*response));
}

void ShardApplication::note_if_refused(const net::RequestHead& head, const std::optional<net::Response>& answer) {
  if (!answer || head.door != net::Door::service || !HttpApi::is_ours(head.path)) return;
  admin::note_worker(parts_.admin->refusals(), *answer, parts_.hub.clocks.wall());
}

void ShardApplication::add_cors(const net::RequestHead& head, std::vector<std::pair<std::string, std::string>>& out) {
  parts_.origins.add_fields(head, out);
  tell_of_refused_origin(head);
}

bool ShardApplication::origin_allowed(const net::RequestHead& head) {
  if (parts_.origins.allows_websocket(head)) return true;
  tell_of_refused_origin(head);
  return false;
}

void ShardApplication::tell_of_refused_origin(const net::RequestHead& head) {
  const auto origin = parts_.origins.refused_origin(head);
  if (origin.empty()) return;
  if (parts_.admin) admin::note_origin(parts_.admin->refusals(), origin, parts_.hub.clocks.wall());
  if (const auto report = parts_.refused.refuse(origin, parts_.hub.clocks.steady())) warn_of(*report);
}

// What has its time for all shards is kept by the first: the directory's graces, the minutes of the log.
TimePoint ShardApplication::next_deadline() const {
  const TimePoint own = std::min(sockets_.next_deadline(), parts_.streams.next_deadline(shard_));
  if (shard_ != 0) return own;
  const TimePoint look = parts_.admin ? parts_.admin->next_deadline() : kNever;
  return std::min(
      {parts_.hub.directory.next_deadline(), parts_.counts.next_deadline(), parts_.refused.next_deadline(), look, own});
}

void ShardApplication::on_timer(TimePoint now) {
  sockets_.on_timer(now);
  parts_.streams.on_timer(shard_, now);
  if (shard_ != 0) return;
  parts_.hub.directory.on_timer(now);
  parts_.counts.on_timer(now);
  if (parts_.admin) parts_.admin->on_timer(now);
  if (const auto report = parts_.refused.due(now)) warn_of(*report);
}

}  // namespace signalbox::server
