#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/histogram.hpp"
#include "queue/source.hpp"

namespace signalbox::store {
class SqliteStore;
}
namespace signalbox::net {
class Network;
}
namespace signalbox::hub {
struct Hub;
}
namespace signalbox::cluster {
class Cluster;
}

namespace signalbox::server {

/// A count of one of several kinds. The texts point to static storage.
struct Labelled {
  std::string_view label;
  std::uint64_t value = 0;
  std::string_view says{};  ///< of that kind, to people
};

/// What operators may see of a service: all numbers, at one moment. The log, GET /metrics and the admin page take
/// theirs from here; server/metric_table.hpp says what each is.
struct Snapshot {
  // Now.
  std::uint64_t ready = 1, store_ready = 1, redis_up = 0;
  std::uint64_t users_online = 0, connections = 0, connections_limit = 0, websockets = 0, operator_connections = 0,
                sessions = 0, unauthenticated_sessions = 0, pending_logins = 0,
                clients_behind = 0;  ///< for each of these more than a quarter of SEND_QUEUE_BYTES waits
  std::uint64_t partial_bytes = 0, send_queue_bytes = 0, ledger_bytes = 0, unread_outcomes = 0,
                unread_outcomes_bytes = 0, store_queue_bytes = 0, resident_memory_bytes = 0, start_time_seconds = 0;
  // Since the start.
  std::uint64_t client_packets = 0, ignored_events = 0, handler_errors = 0, conflated_events = 0,
                job_events_without_id = 0, outcomes = 0, outcomes_expired_unread = 0, log_lines_lost = 0;
  std::uint64_t events_to_other_nodes = 0, events_from_other_nodes = 0, events_from_emitters = 0,
                outcomes_offered_again = 0, requests_of_other_nodes = 0, upgrades_of_other_nodes = 0,
                clients_relayed_to_other_nodes = 0, redis_reconnects = 0, redis_messages_not_taken = 0,
                redis_messages_unreadable = 0, redis_events_refused = 0, emitter_requests_ignored = 0;
  double cpu_seconds = 0;
  std::vector<Labelled> logins_refused, emits_refused, limits_reached;
  Histogram::Values login, delivery, commit, receipt, turn;
  std::vector<queue::QueueStatus> queues;  ///< who asks for them adds them: they are told on another thread
};

/// What a snapshot is taken of. All of it outlives the snapshots.
struct SnapshotOf {
  const hub::Hub& hub;
  const net::Network& network;
  const cluster::Cluster* cluster = nullptr;  ///< null: there is one node
  const store::SqliteStore* store = nullptr;  ///< null: outcomes are in memory alone
  std::uint64_t started = 0;                  ///< Unix time
};

/// Any thread. `ready` is left to who knows it.
Snapshot take_snapshot(const SnapshotOf& of);

}  // namespace signalbox::server
