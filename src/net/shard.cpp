#include "net/shard.hpp"

#include <algorithm>
#include <utility>

#include "engineio/sid.hpp"

namespace signalbox::net {
namespace {

constexpr Milliseconds kStopTime{1500};

}  // namespace

Shared::Shared(Options given) : options(std::move(given)), limits(options) {}
Shared::~Shared() = default;

std::optional<unsigned> shard_of(const Shared& shared, std::string_view sid) {
  const auto place = engineio::place_of(sid);
  const bool here = place && place->tag == shared.options.node_tag && place->shard < shared.loops.size();
  return here ? std::optional(place->shard) : std::nullopt;
}

std::string_view other_node_of(const Options& options, std::string_view sid) {
  const auto place = engineio::place_of(sid);
  const bool elsewhere = place && !place->tag.empty() && place->tag != options.node_tag;
  return elsewhere && options.other_nodes->knows(place->tag) ? place->tag : std::string_view();
}

Network::Counters counters_of(const Shared& shared) {
  Network::Counters out{.connections = shared.connections.load(),
                        .sessions = shared.sessions.load(),
                        .websockets = shared.websockets.load(),
                        .unauthenticated = shared.unauthenticated.load(),
                        .partial_bytes = shared.partial.bytes(),
                        .queued_bytes = shared.queued.bytes(),
                        .behind = static_cast<std::size_t>(shared.behind.load()),
                        .conflated = shared.conflated.load(),
                        .relayed = shared.relayed.load()};
  for (const auto& count : shared.side_connections) out.side_connections += count.load();
  for (const auto& shard : shared.shards) out.timers += shard->timers();
  return out;
}

Network::Times times_of(const Shared& shared) {
  Network::Times out;
  for (const auto& shard : shared.shards) {
    out.turns.add(shard->times().turns.values());
    out.deliveries.add(shard->times().deliveries.values());
  }
  return out;
}

Shard::Shard(Shared& shared, std::unique_ptr<reactor::Kernel> kernel)
    : shared_(shared), loop_(shared.loops, std::move(kernel), shared.options.mailbox_messages, *this) {}

Shard::~Shard() {
  finish_stop();
}

void Shard::set_application(std::unique_ptr<ShardApplication> application) {
  application_ = std::move(application);
  loop_.set_receiver(*application_);
  engine_sessions_.set_application(*application_);
  http_.set_application(*application_);
  endpoint_.set_application(*application_);
  asked_.set_application(*application_);
}

void Shard::answer(const RequestId& request, Response response) {
  if (Askers::names(request)) return askers_.answer(request, std::move(response));
  if (Connection* connection = http_.waiting_for(request)) http_.answer(*connection, response);
}

void Shard::stream(const RequestId& request, const Response& head, std::unique_ptr<BodySource> body) {
  if (Askers::names(request)) return askers_.answer(request, application_->refusal(501, Door::service));
  if (Connection* connection = http_.waiting_for(request)) http_.stream(*connection, head, std::move(body));
}

// Those who are here are read before others are let in.
void Shard::on_events(std::span<const reactor::KernelEvent> events) {
  all_read_ = events.size() < reactor::Loop::kEvents;
  connections_.read_unread([this](Connection& connection) { read(connection); });
  for (const auto& event : events) {
    if (Relays::concerns(event)) {
      relays_.on_event(event);
    } else if (!Acceptor::concerns(event)) {
      handle(event);
    }
  }
  for (const auto& event : events)
    if (Acceptor::concerns(event)) acceptor_.on_event(event, all_read_);
}

void Shard::handle(const reactor::KernelEvent& event) {
  Connection* connection = connections_.find(event.token);
  if (!connection) return carried_.on_event(event);
  if (event.writable && connections_.on_writable(*connection)) {
    if (SessionEntry* entry = websockets_.session_of(*connection)) entry->touched();
  }
  if (event.readable && connection->mode != Mode::closed) read(*connection);
  if (event.broken && !event.readable) connections_.close(*connection, CloseReason::transport_error);
}

void Shard::read(Connection& connection) {
  const auto bytes = connections_.read(connection);
  if (!bytes) return;
  if (connection.http) return bytes->empty() ? http_.on_end(connection) : http_.take(connection, *bytes);
  bytes->empty() ? connections_.close(connection) : websockets_.take(connection, *bytes);
}

void Shard::on_closed(Connection& connection, CloseReason reason, bool owed) {
  if (owed) endpoint_.on_gone(connection, Gone::connection);
  websockets_.on_closed(connection, reason);
}

void Shard::end_turn() {
  run_timers();
  sessions_.end_due(all_read_);
  loop_.begin_writing();
  flush();
  connections_.bury();
  askers_.tell();
  if (drained_ && shared_.sessions.load() == 0) drained_();
  if (stop_deadline_ != kNever && (connections_.size() == 0 || loop_.now() >= stop_deadline_)) finish_stop();
  armed_timers_.store(connections_.timers() + sessions_.timers(), std::memory_order_relaxed);
}

void Shard::run_timers() {
  sessions_.run_timers();
  connections_.run_timers([this](Connection& connection) {
    connection.http ? http_.on_deadline(connection) : connections_.close(connection);
  });
  relays_.run_timers();
  if (application_->next_deadline() <= loop_.now()) application_->on_timer(loop_.now());
}

// An answer may let a pipelined request in, whose handling touches others: a few rounds, and what is left then has the
// next turn.
void Shard::flush() {
  for (int round = 0; round < 8 && has_touched(); ++round) {
    sessions_.look_at_touched([this](SessionEntry& entry) { engine_sessions_.flush(entry); });
    connections_.look_at_touched(
        [this](Connection& connection) { connection.http ? http_.flush(connection) : websockets_.flush(connection); });
    relays_.flush();
  }
}

bool Shard::has_touched() const {
  return sessions_.has_touched() || connections_.has_touched() || relays_.has_touched();
}

TimePoint Shard::next_deadline() {
  if (has_touched() || connections_.has_unread() || askers_.due()) return TimePoint::min();
  return std::min({connections_.next_deadline(), sessions_.next_deadline(), relays_.next_deadline(),
                   application_->next_deadline(), stop_deadline_});
}

void Shard::begin_drain(Clock::duration pace, std::function<void()> drained) {
  if (drained_) return;
  drained_ = std::move(drained);
  engine_sessions_.open_no_more();
  sessions_.begin_drain(pace);
}

void Shard::begin_stop() {
  if (stop_deadline_ != kNever) return;
  stop_deadline_ = loop_.now() + kStopTime;
  acceptor_.close();
  http_.stop();
  engine_sessions_.open_no_more();
  sessions_.close_all();
  connections_.for_each([this](Connection& connection) {
    if (connection.mode == Mode::websocket && !websockets_.session_of(connection))
      websockets_.want_close(connection, 1001);
    connections_.touch(connection);
  });
}

void Shard::finish_stop() {
  if (stopped_) return;
  stopped_ = true;
  loop_.close();
  connections_.close_all(CloseReason::server_shutting_down);
  sessions_.erase_all();
  askers_.close();
}

}  // namespace signalbox::net
