#include "server/options.hpp"

#include <algorithm>
#include <thread>

namespace signalbox::server {

net::Options network_options(const Config& config) {
  net::Options options;
  options.host = config.host;
  options.port = config.port;
  options.listen = config.listen;
  options.shards = config.threads != 0 ? config.threads : std::max(1u, std::thread::hardware_concurrency());
  options.path = config.path;
  options.session = {.ping_interval = config.ping_interval,
                     .ping_timeout = config.ping_timeout,
                     .upgrade_timeout = config.upgrade_timeout,
                     .max_payload_bytes = config.max_payload_bytes,
                     .polling_max_packets = config.polling_max_packets,
                     .polling_max_received = config.polling_max_received,
                     .send_queue_bytes = config.send_queue_bytes,
                     .total_queue_bytes = config.total_queue_bytes};
  options.head_timeout = config.header_timeout;
  options.body_timeout = config.body_timeout;
  options.idle_timeout = config.idle_timeout;
  options.max_head_bytes = config.max_head_bytes;
  options.max_fields = config.max_head_fields;
  options.max_connections = config.max_connections;
  options.max_unauthenticated = config.max_unauthenticated;
  options.max_unauthenticated_per_address = config.max_unauthenticated_per_address;
  options.mailbox_messages = config.mailbox_messages;
  options.total_partial_bytes = config.total_partial_bytes;
  options.preauth_message_bytes = config.preauth_message_bytes;
  options.preauth_heads_bytes = config.preauth_heads_bytes;
  options.max_fragments = config.max_fragments;
  options.tcp_user_timeout = config.tcp_user_timeout;
  return options;
}

users::DirectoryOptions directory_options(const Config& config) {
  return {.presence_events = config.presence_events,
          .presence_grace = config.presence_grace,
          .restart_grace = config.restart_grace,
          .max_connections_per_user = config.max_connections_per_user,
          .notices_bytes = config.total_queue_bytes,
          .ledger = {.outcome_ttl = config.outcome_ttl.count(),
                     .progress_ttl = config.progress_ttl.count(),
                     .outcome_replay = config.outcome_replay.count(),
                     .jobs_per_user = config.jobs_per_user,
                     .unread_outcomes_per_user = config.unread_outcomes_per_user,
                     .total_bytes = config.ledger_total_bytes,
                     .unread_total_bytes =
                         config.unread_total_bytes != 0 ? config.unread_total_bytes : config.ledger_total_bytes}};
}

// Nobody is closed for what we tell of others.
hub::PresenceLimits presence_limits(const Config& config) {
  hub::PresenceLimits limits;
  limits.queue = std::min(limits.queue, config.send_queue_bytes);
  limits.slow_queue = std::min(limits.slow_queue, config.send_queue_bytes);
  return limits;
}

store::StoreQueue::Options store_options(const Config& config) {
  return {.bytes = config.store_queue_bytes, .timeout = config.store_timeout};
}

}  // namespace signalbox::server
