#include "server/snapshot.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <utility>

#include "base/log.hpp"
#include "cluster/cluster.hpp"
#include "hub/local_sockets.hpp"
#include "net/limits.hpp"
#include "net/network.hpp"
#include "store/sqlite_store.hpp"

namespace signalbox::server {
namespace {

constexpr std::array<std::pair<EmitError, std::string_view>, 5> kEmitRefusals = {
    {{EmitError::overloaded, "overloaded"},
     {EmitError::too_many_unread, "too_many_unread"},
     {EmitError::unread_full, "unread_full"},
     {EmitError::store_full, "store_full"},
     {EmitError::not_durable, "not_durable"}}};

std::uint64_t resident_bytes() {
  std::uint64_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void add_network(Snapshot& out, const net::Network& network) {
  const net::Network::Counters counters = network.counters();
  out.connections = counters.connections;
  out.connections_limit = network.limits().connections.value();
  out.websockets = counters.websockets;
  out.operator_connections = counters.side_connections;
  out.sessions = counters.sessions;
  out.unauthenticated_sessions = counters.unauthenticated;
  out.partial_bytes = counters.partial_bytes;
  out.send_queue_bytes = counters.queued_bytes;
  out.clients_behind = counters.behind;
  out.conflated_events = counters.conflated;
  out.clients_relayed_to_other_nodes = counters.relayed;
  net::Network::Times times = network.times();
  out.turn = times.turns;
  out.delivery = times.deliveries;
}

void add_shards(Snapshot& out, const hub::Hub& hub) {
  for (std::size_t i = 0; i < hub::kLoginRefusals.size(); ++i)
    out.logins_refused.push_back({.label = hub::kLoginRefusals[i], .says = hub::sentence_of(i)});
  for (hub::LocalSockets* shard : hub.shards) {
    if (!shard) continue;
    const hub::ShardCounts& counts = shard->counts();
    out.login.add(counts.logins.values());
    out.receipt.add(counts.receipts.values());
    out.client_packets += counts.packets.value();
    for (std::size_t i = 0; i < counts.refused_logins.size(); ++i)
      out.logins_refused[i].value += counts.refused_logins[i].value();
  }
}

void add_users(Snapshot& out, const hub::Hub& hub) {
  out.users_online = hub.directory.presence.online_count();
  out.ledger_bytes = hub.directory.ledger.bytes();
  out.unread_outcomes_bytes = hub.directory.ledger.unread_bytes();
  out.unread_outcomes = hub.directory.ledger.unread_outcomes();
  out.outcomes = hub.directory.ledger.outcomes();
  out.job_events_without_id = hub.directory.ledger.job_events_without_id();
  out.outcomes_expired_unread = hub.directory.ledger.unread_expired();
  out.store_ready = hub.emitter.store_state() == users::StoreState::ready;
  out.pending_logins = hub.counters.pending_logins;
  out.ignored_events = hub.counters.ignored_events;
  out.handler_errors = hub.counters.handler_errors;
  for (const auto& [why, label] : kEmitRefusals)
    out.emits_refused.push_back({label, hub.emitter.refused(why), to_text(why)});
}

void add_limits(Snapshot& out, const hub::Limits& hub, const net::Limits& net) {
  const auto add = [&out](std::string_view label, const Limit& limit, std::uint64_t more = 0) {
    out.limits_reached.push_back({label, limit.times() + more, limit.warning()});
  };
  add("MAX_CONNECTIONS", net.connections);
  add("MAX_UNAUTHENTICATED", net.unauthenticated);
  add("MAX_UNAUTHENTICATED_PER_ADDRESS", net.unauthenticated_of_address);
  add("PREAUTH_HEADS_BYTES", net.unauthenticated_heads);
  add("TOTAL_PARTIAL_BYTES", net.partial.users, net.partial.unauthenticated.times());
  add("TOTAL_QUEUE_BYTES", net.queued.users, net.queued.unauthenticated.times());
  add("descriptors", net.descriptors, net.watches.times());
  add("handed_over", net.handed_over);
  add("operator_connections", net.side_connections);
  add("MAX_PENDING_LOGINS", hub.pending_logins);
  add("MAX_CONNECTIONS_PER_USER", hub.sockets_of_user);
  add("CLIENT_EVENTS_PER_S", hub.client_events);
  add("PREAUTH_MESSAGE_BYTES", hub.connect_payload);
  add("SEND_QUEUE_BYTES", hub.send_queue);
  add("MAILBOX_MESSAGES", hub.mailbox);
  add("questions", hub.questions);
  add("CONNECT_TIMEOUT_MS", hub.middleware_time);
}

void add_cluster(Snapshot& out, const cluster::Cluster& cluster) {
  const cluster::Counts& counts = cluster.counts();
  const cluster::Tunnels::Counters tunnels = cluster.tunnels().counters();
  out.redis_up = cluster.carries();
  out.events_to_other_nodes = counts.events_out;
  out.events_from_other_nodes = counts.events_in;
  out.events_from_emitters = counts.adapter_in;
  out.outcomes_offered_again = counts.offered_again;
  out.requests_of_other_nodes = tunnels.requests;
  out.upgrades_of_other_nodes = tunnels.upgrades;
  out.redis_reconnects = counts.reconnects;
  out.redis_messages_not_taken = counts.unpublished.times();
  out.redis_messages_unreadable = counts.unreadable.times() + counts.refusals.unreadable.times();
  out.redis_events_refused = counts.refusals.events.times();
  out.emitter_requests_ignored = counts.refusals.requests.times();
}

}  // namespace

Snapshot take_snapshot(const SnapshotOf& of) {
  Snapshot out;
  add_network(out, of.network);
  add_shards(out, of.hub);
  add_users(out, of.hub);
  add_limits(out, of.hub.limits, of.network.limits());
  if (of.cluster) add_cluster(out, *of.cluster);
  if (of.store) {
    out.store_queue_bytes = of.store->waiting_bytes();
    out.commit = of.store->commits();
  }
  out.log_lines_lost = of.hub.log->lines_lost();
  out.resident_memory_bytes = resident_bytes();
  out.start_time_seconds = of.started;
  out.cpu_seconds = cpu_seconds();
  return out;
}

}  // namespace signalbox::server
