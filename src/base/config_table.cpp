#include "base/config_table.hpp"

#include <algorithm>
#include <limits>

#include "base/text.hpp"

namespace signalbox {
namespace {

constexpr std::uint64_t kMaxMs =
    std::numeric_limits<std::int32_t>::max();  // what timers and socket options take; 24 days
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 40;
constexpr std::uint64_t kMaxCount = 1'000'000'000;
constexpr std::uint64_t kMaxMessage = 900'000'000;   // a row of the store is one message, and SQLite's have a limit
constexpr std::uint64_t kMinMessage = 128;           // a login with the shortest token
constexpr std::uint64_t kMinEventName = 16;          // of the longest that the server itself has
constexpr std::uint64_t kMaxPingMs = 1'000'000'000;  // two of these are one timer of a browser, which has 31 bits
constexpr std::uint64_t kMinHistory = 1024;          // a socket that has gone, and an event
constexpr std::uint64_t kMinQueue = 16 * 1024;       // up to there nothing outdated is taken out

std::optional<std::string> check_path(std::string_view path) {
  const bool plain = std::ranges::all_of(
      path, [](unsigned char c) { return c > 0x20 && c < 0x7f && c != '?' && c != '#' && c != '%'; });
  if (path.starts_with("/api/")) return "/api/ is the HTTP interface's: choose another, such as /socket.io/";
  if (plain && path.size() > 2 && path.starts_with('/') && path.ends_with('/')) return std::nullopt;
  return "allowed: a path that begins and ends with '/', such as /socket.io/";
}

std::optional<std::string> check_claims(std::string_view list) {
  const auto names = split(list, ',');
  const bool whole = !names.empty() && std::ranges::none_of(names, [](std::string_view name) { return name.empty(); });
  return whole ? std::nullopt
               : std::optional<std::string>("allowed: names of claims with commas between, such as id,userId,sub");
}

const std::vector<Setting>& table() {  // NOLINT(readability-function-size): a line a setting
  // clang-format off
  static const std::vector<Setting> all = {
      {.name = "PORT", .member = &Config::port, .max = 65535, .help = "Port to listen on; 0 takes any free one."},
      {.name = "LISTEN", .member = &Config::listen, .help = "Listen on PORT; off is for a program that hands connections over itself (WebSocketService::adopt, handle)."},
      {.name = "HOST", .member = &Config::host, .help = "Address to listen on, or host name, at all of its addresses; localhost is loopback, IPv4 and IPv6.", .unset = "all addresses"},
      {.name = "JWT_SECRET", .member = &Config::jwt_secret, .help = "Key with which HS256 tokens are signed: 32 random bytes or more (a shorter one is warned about); without it the server does not start.", .secret = true, .unset = "none"},
      {.name = "CORS_ORIGIN", .member = &Config::cors_origin, .check = check_origins, .help = "Origins whose pages may connect, with commas between: https://example.com, https://*.example.com, or * for all.", .unset = "no CORS headers"},
      {.name = "API_KEY", .member = &Config::api_key, .help = "Key that workers send as a bearer token to /api: 32 random bytes or more (a shorter one is warned about); without it /api answers 403.", .secret = true, .unset = "none"},
      {.name = "LOG_LEVEL", .member = &Config::log_level, .choices = {"trace", "debug", "info", "warn", "error", "off"}, .help = "Lines below this level are not logged. From debug on every refused client costs a line."},
      {.name = "LOG_FORMAT", .member = &Config::log_format, .choices = {"text", "json"}, .help = "Log lines for people or for machines."},
      {.name = "THREADS", .member = &Config::threads, .max = 256, .help = "Shards, each with a thread of its own. Events for users on different shards cost messages between them.", .unset = "the cores"},
      {.name = "SOCKET_PATH", .member = &Config::path, .check = check_path, .help = "Path at which clients connect (their option `path`)."},

      {.name = "PING_INTERVAL_MS", .member = &Config::ping_interval, .unit = "ms", .min = 1, .max = kMaxPingMs, .help = "Time between two heartbeats. Each costs every client a ping and a pong."},
      {.name = "PING_TIMEOUT_MS", .member = &Config::ping_timeout, .unit = "ms", .min = 1, .max = kMaxPingMs, .help = "How long a client may take to answer one."},
      {.name = "CONNECT_TIMEOUT_MS", .member = &Config::connect_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long a session may be without a namespace."},
      {.name = "UPGRADE_TIMEOUT_MS", .member = &Config::upgrade_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long the upgrade to WebSocket may take."},
      {.name = "HEADER_TIMEOUT_MS", .member = &Config::header_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long a request head may take, whole."},
      {.name = "BODY_TIMEOUT_MS", .member = &Config::body_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long a request body may take, whole."},
      {.name = "IDLE_TIMEOUT_MS", .member = &Config::idle_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long a kept-alive connection may wait for its next request."},
      {.name = "ACK_TIMEOUT_MS", .member = &Config::ack_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long a client may take to acknowledge an event, where the emit does not say."},
      {.name = "ATTACHMENTS_TIMEOUT_MS", .member = &Config::attachments_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long the attachments of a binary event may take."},
      {.name = "TCP_USER_TIMEOUT_MS", .member = &Config::tcp_user_timeout, .unit = "ms", .max = kMaxMs, .help = "How long sent data may stay unacknowledged before a peer counts as dead.", .unset = "the system's"},

      {.name = "JWT_LEEWAY_S", .member = &Config::jwt_leeway, .unit = "s", .max = 86400, .help = "How far the clocks of signer and server may differ, for exp and nbf."},
      {.name = "REQUIRE_EXP", .member = &Config::require_exp, .help = "Refuse tokens that never expire."},
      {.name = "USER_ID_CLAIMS", .member = &Config::user_id_claims, .check = check_claims, .help = "Claims that may hold the user's id; the first one present counts."},
      {.name = "TOKEN_IN_QUERY", .member = &Config::token_in_query, .help = "Take tokens from the URL as well (`token` in the query), where logs and histories see them."},
      {.name = "AUTH_FAILURE", .member = &Config::auth_failure, .help = "How a refused client hears of it: the event unauthorized, or Socket.IO's connect_error."},

      {.name = "PRESENCE_EVENTS", .member = &Config::presence_events, .help = "Send user_online and user_offline, which show every user's id to all; off counts only. On, each of them costs a message to every client."},
      {.name = "PRESENCE_GRACE_MS", .member = &Config::presence_grace, .unit = "ms", .max = kMaxMs, .help = "How long a user stays online after the last socket has gone."},
      {.name = "DATA_DIR", .member = &Config::data_dir, .help = "Folder of the store of outcomes, made if it is not there; empty: kept in memory alone. With a store an outcome costs a row on the disk, in commits of many.", .unset = "memory only"},
      {.name = "OUTCOME_TTL_MS", .member = &Config::outcome_ttl, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long the outcome of a job is kept, received or not."},
      {.name = "PROGRESS_TTL_MS", .member = &Config::progress_ttl, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long the progress of a job is kept without news."},
      {.name = "OUTCOME_REPLAY_MS", .member = &Config::outcome_replay, .unit = "ms", .max = kMaxMs, .help = "How long a received outcome is told again at a login; 0: not at all."},
      {.name = "JOBS_PER_USER", .member = &Config::jobs_per_user, .min = 1, .max = kMaxCount, .help = "Most jobs kept for one user; jobs with an unread outcome are not counted."},
      {.name = "UNREAD_OUTCOMES_PER_USER", .member = &Config::unread_outcomes_per_user, .min = 1, .max = kMaxCount, .help = "Most unread outcomes of one user; further ones are refused with 429."},
      {.name = "LEDGER_TOTAL_BYTES", .member = &Config::ledger_total_bytes, .unit = "bytes", .min = 1, .max = kMaxBytes, .help = "Most bytes of memory for all jobs kept; from three quarters of it on the data of outcomes lies in the store alone, past it only unread outcomes stay."},
      {.name = "UNREAD_TOTAL_BYTES", .member = &Config::unread_total_bytes, .unit = "bytes", .max = kMaxBytes, .help = "Most bytes of memory for the unread outcomes of all users: their index, ids included, and with DATA_DIR empty their data; past it further ones are refused with 429.", .unset = "LEDGER_TOTAL_BYTES"},
      {.name = "STORE_QUEUE_BYTES", .member = &Config::store_queue_bytes, .unit = "bytes", .min = 1, .max = kMaxBytes, .help = "Most bytes of outcomes that wait for the disk; further ones are refused with 429 until it has caught up."},
      {.name = "STORE_TIMEOUT_MS", .member = &Config::store_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long the disk may take for a commit; then outcomes, those that wait for it too, and /readyz are answered 503 until it is done."},
      {.name = "OUTCOME_ACKS", .member = &Config::outcome_acks, .help = "Outcomes ask for a Socket.IO acknowledgement, which confirms them: handlers get a callback as their last argument. Not with RECOVERY_WINDOW_MS. Each outcome then costs a packet from every client that gets it."},
      {.name = "RECOVERY_WINDOW_MS", .member = &Config::recovery_window, .unit = "ms", .max = kMaxMs, .help = "How long after its disconnect a client may come back as the same socket and get what it missed (Socket.IO's connection state recovery). Every event then has one more argument. A socket that is away costs a kilobyte, beside what it missed.", .unset = "off"},
      {.name = "SHUTDOWN_DELAY_MS", .member = &Config::shutdown_delay, .unit = "ms", .max = kMaxMs, .help = "How long all goes on after SIGTERM while /readyz says 503, so that a proxy sends nobody more."},
      {.name = "DRAIN_MS", .member = &Config::drain, .unit = "ms", .max = kMaxMs, .help = "After that delay, the longest time in which the clients' connections are closed one after the other; 0: all at once."},
      {.name = "RESTART_GRACE_MS", .member = &Config::restart_grace, .unit = "ms", .max = kMaxMs, .help = "After a start, how long users who were online before it stay so until they are back; with DATA_DIR only."},
      {.name = "SERVE_CLIENT", .member = &Config::serve_client, .help = "Serve the browser's client script at SOCKET_PATH, as Socket.IO does."},

      {.name = "MAX_PAYLOAD_BYTES", .member = &Config::max_payload_bytes, .unit = "bytes", .min = kMinMessage, .max = kMaxMessage, .help = "Largest message, polling body or API body, attachments included. At most what a row of the store (SQLite) takes."},
      {.name = "JSON_DEPTH", .member = &Config::json_depth, .unit = "levels", .min = 1, .max = 1024, .help = "Deepest nesting of JSON."},
      {.name = "POLLING_MAX_PACKETS", .member = &Config::polling_max_packets, .unit = "packets", .min = 1, .max = kMaxCount, .help = "Most packets in one polling answer."},
      {.name = "POLLING_MAX_RECEIVED", .member = &Config::polling_max_received, .unit = "packets", .min = 1, .max = kMaxCount, .help = "Most packets in one polling request."},
      {.name = "MAX_CONNECTIONS", .member = &Config::max_connections, .max = kMaxCount, .help = "Most connections at once; further ones get 503. An idle client with a login costs some 1.5 KB beside what the kernel keeps.", .unset = "what descriptors leave beside the program's own, at most 1048576"},
      {.name = "MAX_UNAUTHENTICATED", .member = &Config::max_unauthenticated, .max = kMaxCount, .help = "Most sessions without a login at once; the oldest goes.", .unset = "a tenth of MAX_CONNECTIONS, at least 1000"},
      {.name = "MAX_UNAUTHENTICATED_PER_ADDRESS", .member = &Config::max_unauthenticated_per_address, .max = kMaxCount, .help = "The same from one address; further ones get 503.", .unset = "no limit"},
      {.name = "MAX_PENDING_LOGINS", .member = &Config::max_pending_logins, .min = 1, .max = kMaxCount, .help = "Most logins that wait for a middleware of the application that takes its time; further clients are closed."},
      {.name = "MAX_CONNECTIONS_PER_USER", .member = &Config::max_connections_per_user, .max = kMaxCount, .help = "Most sockets of one user; the oldest is disconnected. 0: no limit."},
      {.name = "MAX_HEAD_BYTES", .member = &Config::max_head_bytes, .unit = "bytes", .min = 1024, .max = 1 << 20, .help = "Largest request head."},
      {.name = "MAX_HEAD_FIELDS", .member = &Config::max_head_fields, .unit = "fields", .min = 8, .max = 10'000, .help = "Most fields in a request head."},
      {.name = "MAX_NAMESPACES", .member = &Config::max_namespaces, .min = 1, .max = kMaxCount, .help = "Most namespaces that one connection joins."},
      {.name = "MAX_EVENT_NAME_BYTES", .member = &Config::max_event_name_bytes, .unit = "bytes", .min = kMinEventName, .max = kMaxMessage, .help = "Longest event name from a client."},
      {.name = "MAX_ATTACHMENTS", .member = &Config::max_attachments, .max = kMaxCount, .help = "Most attachments of an event from a client."},
      {.name = "MAX_FRAGMENTS", .member = &Config::max_fragments, .min = 1, .max = kMaxCount, .help = "Most fragments of a WebSocket message."},
      {.name = "TOTAL_PARTIAL_BYTES", .member = &Config::total_partial_bytes, .unit = "bytes", .min = 1, .max = kMaxBytes, .holds = "MAX_PAYLOAD_BYTES", .help = "Most bytes of half-finished requests and messages over all clients, of which those without a login have half; these go first, then the largest."},
      {.name = "PREAUTH_MESSAGE_BYTES", .member = &Config::preauth_message_bytes, .unit = "bytes", .min = kMinMessage, .max = kMaxMessage, .help = "Largest message before login, and largest connect payload at any time."},
      {.name = "PREAUTH_HEADS_BYTES", .member = &Config::preauth_heads_bytes, .unit = "bytes", .min = 1, .max = kMaxBytes, .holds = "MAX_HEAD_BYTES", .help = "Most bytes kept of the request heads of sessions without a login, of which each thread has its part; the oldest of these sessions goes."},
      {.name = "CLIENT_EVENTS_PER_S", .member = &Config::client_events_per_s, .max = kMaxCount, .help = "Packets a client may send in a second before it is read more slowly; SEND_QUEUE_BYTES of answers about jobs count as as many. 0: no limit."},
      {.name = "MAX_PENDING_ACKS", .member = &Config::max_pending_acks, .min = 1, .max = kMaxCount, .help = "Most acknowledgements waited for from one socket."},
      {.name = "SEND_QUEUE_BYTES", .member = &Config::send_queue_bytes, .unit = "bytes", .min = kMinQueue, .max = kMaxBytes, .help = "Bytes that may wait for one slow client; when as much again has come on top, it is closed."},
      {.name = "TOTAL_QUEUE_BYTES", .member = &Config::total_queue_bytes, .unit = "bytes", .min = 1, .max = kMaxBytes, .holds = "MAX_PAYLOAD_BYTES", .help = "Most bytes that wait for all clients together, unread answers included, of which those without a login have half; these go first, then clients of the user for whom most waits."},
      {.name = "RECOVERY_BYTES_PER_USER", .member = &Config::recovery_bytes_per_user, .unit = "bytes", .min = kMinHistory, .max = kMaxBytes, .help = "Most bytes kept on one thread for the recovery of one user's sockets; past it the oldest events go."},
      {.name = "RECOVERY_TOTAL_BYTES", .member = &Config::recovery_total_bytes, .unit = "bytes", .min = kMinHistory, .max = kMaxBytes, .holds = "RECOVERY_BYTES_PER_USER", .help = "The same of all users, of which each thread has its part."},
      {.name = "MAILBOX_MESSAGES", .member = &Config::mailbox_messages, .unit = "messages", .min = 1, .max = kMaxCount, .help = "Most messages that wait for one shard; past it emits are refused as overloaded. Each costs 40 bytes beside the event, which all that it goes to share."},
  };
  // clang-format on
  return all;
}

}  // namespace

std::span<const Setting> settings() {
  return table();
}

}  // namespace signalbox
