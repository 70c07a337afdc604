#include "server/metric_table.hpp"

namespace signalbox::server {
namespace {

// clang-format off
constexpr Metric kMetrics[] = {
    {.name = "ready", .kind = MetricKind::gauge, .member = &Snapshot::ready, .help = "Are clients and outcomes taken? As /readyz."},
    {.name = "store_ready", .kind = MetricKind::gauge, .member = &Snapshot::store_ready, .help = "Does the disk take outcomes? Where there is no store, 1."},
    {.name = "redis_up", .kind = MetricKind::gauge, .member = &Snapshot::redis_up, .help = "Is there a connection to the Redis of REDIS_URL? Without REDIS_URL, 0."},
    {.name = "users_online", .kind = MetricKind::gauge, .member = &Snapshot::users_online, .help = "Users who are online, on all nodes."},
    {.name = "connections", .kind = MetricKind::gauge, .member = &Snapshot::connections, .help = "Connections of clients and workers."},
    {.name = "connections_limit", .kind = MetricKind::gauge, .member = &Snapshot::connections_limit, .help = "Most connections at once: MAX_CONNECTIONS."},
    {.name = "websockets", .kind = MetricKind::gauge, .member = &Snapshot::websockets, .help = "Of the connections, those that are WebSockets."},
    {.name = "operator_connections", .kind = MetricKind::gauge, .member = &Snapshot::operator_connections, .help = "Connections to METRICS_PORT and ADMIN_PORT."},
    {.name = "sessions", .kind = MetricKind::gauge, .member = &Snapshot::sessions, .help = "Engine.IO sessions: those without a WebSocket poll."},
    {.name = "unauthenticated_sessions", .kind = MetricKind::gauge, .member = &Snapshot::unauthenticated_sessions, .help = "Sessions without a login."},
    {.name = "pending_logins", .kind = MetricKind::gauge, .member = &Snapshot::pending_logins, .help = "Logins that wait for a middleware of the application."},
    {.name = "partial_bytes", .kind = MetricKind::gauge, .member = &Snapshot::partial_bytes, .help = "Half-finished requests and messages (TOTAL_PARTIAL_BYTES)."},
    {.name = "send_queue_bytes", .kind = MetricKind::gauge, .member = &Snapshot::send_queue_bytes, .help = "What waits for clients (TOTAL_QUEUE_BYTES)."},
    {.name = "ledger_bytes", .kind = MetricKind::gauge, .member = &Snapshot::ledger_bytes, .help = "Memory of the jobs that are kept (LEDGER_TOTAL_BYTES)."},
    {.name = "unread_outcomes", .kind = MetricKind::gauge, .member = &Snapshot::unread_outcomes, .help = "Outcomes that nobody has received."},
    {.name = "unread_outcomes_bytes", .kind = MetricKind::gauge, .member = &Snapshot::unread_outcomes_bytes, .help = "Of ledger_bytes, the unread outcomes (UNREAD_TOTAL_BYTES)."},
    {.name = "store_queue_bytes", .kind = MetricKind::gauge, .member = &Snapshot::store_queue_bytes, .help = "Outcomes that wait for the disk (STORE_QUEUE_BYTES)."},
    {.name = "resident_memory_bytes", .kind = MetricKind::gauge, .member = &Snapshot::resident_memory_bytes, .help = "Memory of the process."},
    {.name = "start_time_seconds", .kind = MetricKind::gauge, .member = &Snapshot::start_time_seconds, .help = "When the service was started, in Unix time."},
    {.name = "client_packets", .kind = MetricKind::counter, .member = &Snapshot::client_packets, .help = "Packets of clients, acknowledgements left out."},
    {.name = "ignored_events", .kind = MetricKind::counter, .member = &Snapshot::ignored_events, .help = "Events of clients that nobody handles.", .logged = true},
    {.name = "handler_errors", .kind = MetricKind::counter, .member = &Snapshot::handler_errors, .help = "Handlers of the program that threw.", .logged = true},
    {.name = "conflated_events", .kind = MetricKind::counter, .member = &Snapshot::conflated_events, .help = "Events that slow clients were spared, for newer ones said more.", .logged = true},
    {.name = "job_events_without_id", .kind = MetricKind::counter, .member = &Snapshot::job_events_without_id, .help = "Job events without a jobId: such outcomes are not kept.", .logged = true},
    {.name = "outcomes", .kind = MetricKind::counter, .member = &Snapshot::outcomes, .help = "Outcomes that were kept, those that other nodes hold left out."},
    {.name = "outcomes_expired_unread", .kind = MetricKind::counter, .member = &Snapshot::outcomes_expired_unread, .help = "Outcomes whose user did not come for OUTCOME_TTL_MS.", .logged = true},
    {.name = "log_lines_lost", .kind = MetricKind::counter, .member = &Snapshot::log_lines_lost, .help = "Lines that the reader of the log was too slow for.", .logged = true},
    {.name = "events_to_other_nodes", .kind = MetricKind::counter, .member = &Snapshot::events_to_other_nodes, .help = "Events relayed to other nodes.", .logged = true},
    {.name = "events_from_other_nodes", .kind = MetricKind::counter, .member = &Snapshot::events_from_other_nodes, .help = "Events that came from other nodes.", .logged = true},
    {.name = "events_from_emitters", .kind = MetricKind::counter, .member = &Snapshot::events_from_emitters, .help = "Events of Socket.IO's emitters and servers.", .logged = true},
    {.name = "outcomes_offered_again", .kind = MetricKind::counter, .member = &Snapshot::outcomes_offered_again, .help = "Outcomes offered to Redis once more, after it was away.", .logged = true},
    {.name = "requests_of_other_nodes", .kind = MetricKind::counter, .member = &Snapshot::requests_of_other_nodes, .help = "Requests of clients here whose session is on another node.", .logged = true},
    {.name = "upgrades_of_other_nodes", .kind = MetricKind::counter, .member = &Snapshot::upgrades_of_other_nodes, .help = "Upgrades of clients here whose session is on another node.", .logged = true},
    {.name = "clients_relayed_to_other_nodes", .kind = MetricKind::counter, .member = &Snapshot::clients_relayed_to_other_nodes, .help = "Clients here whom another node serves.", .logged = true},
    {.name = "redis_reconnects", .kind = MetricKind::counter, .member = &Snapshot::redis_reconnects, .help = "Connections to Redis that had to be made anew.", .logged = true},
    {.name = "redis_messages_not_taken", .kind = MetricKind::counter, .member = &Snapshot::redis_messages_not_taken, .help = "Messages for other nodes that Redis has not taken.", .logged = true},
    {.name = "redis_messages_unreadable", .kind = MetricKind::counter, .member = &Snapshot::redis_messages_unreadable, .help = "Messages in Redis that could not be read.", .logged = true},
    {.name = "redis_events_refused", .kind = MetricKind::counter, .member = &Snapshot::redis_events_refused, .help = "Events in Redis that were refused.", .logged = true},
    {.name = "emitter_requests_ignored", .kind = MetricKind::counter, .member = &Snapshot::emitter_requests_ignored, .help = "socketsJoin() and socketsLeave() of emitters.", .logged = true},
};

constexpr LabelledMetric kLabelled[] = {
    {.name = "logins_refused", .label = "reason", .member = &Snapshot::logins_refused, .help = "Logins that were refused: for their token, or by the application."},
    {.name = "emits_refused", .label = "reason", .member = &Snapshot::emits_refused, .help = "Requests to emit that found no room, or no disk."},
    {.name = "limits_reached", .label = "limit", .member = &Snapshot::limits_reached, .help = "How often a limit was reached. SEND_QUEUE_BYTES: slow clients that were closed."},
};

constexpr QueueMetric kQueues[] = {
    {.name = "queue_events", .kind = MetricKind::counter, .member = &queue::QueueStatus::events, .help = "Events of a queue that this node has read."},
    {.name = "queue_outcomes", .kind = MetricKind::counter, .member = &queue::QueueStatus::outcomes, .help = "Outcomes of a queue that were taken."},
    {.name = "queue_outcomes_unattributed", .kind = MetricKind::counter, .member = &queue::QueueStatus::unattributed, .help = "Outcomes of a queue whose user is not known."},
    {.name = "queue_outcomes_refused", .kind = MetricKind::counter, .member = &queue::QueueStatus::refused, .help = "Outcomes of a queue that a bound of their user refuses."},
    {.name = "queue_gaps", .kind = MetricKind::counter, .member = &queue::QueueStatus::gaps, .help = "Times that something of a queue was missed, and looked for."},
    {.name = "queue_behind", .kind = MetricKind::gauge, .member = &queue::QueueStatus::behind, .help = "Events of a queue that are read and not yet told."},
};

constexpr TimeMetric kTimes[] = {
    {.name = "login_seconds", .member = &Snapshot::login, .help = "From a client's CONNECT until it is a socket."},
    {.name = "delivery_seconds", .member = &Snapshot::delivery, .help = "From the emit of an event until the turn that wrote it has ended: for each event as long as for the first of its turn."},
    {.name = "commit_seconds", .member = &Snapshot::commit, .help = "Transactions of the store: one fsync each."},
    {.name = "receipt_seconds", .member = &Snapshot::receipt, .help = "From an outcome for a client until it has confirmed that."},
    {.name = "turn_seconds", .member = &Snapshot::turn, .help = "Turns of the shards: the sum's rate, over THREADS, is how busy they are."},
};
// clang-format on

}  // namespace

std::span<const Metric> metrics() {
  return kMetrics;
}
std::span<const LabelledMetric> labelled_metrics() {
  return kLabelled;
}
std::span<const QueueMetric> queue_metrics() {
  return kQueues;
}
std::span<const TimeMetric> time_metrics() {
  return kTimes;
}

}  // namespace signalbox::server
