#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <signalbox/log.hpp>

namespace signalbox {

/// The event names of the system, as clients know them.
namespace events {
inline constexpr char authenticated[] = "authenticated";
inline constexpr char unauthorized[] = "unauthorized";
inline constexpr char user_online[] = "user_online";
inline constexpr char user_offline[] = "user_offline";
inline constexpr char job_progress[] = "job_progress";
inline constexpr char job_completed[] = "job_completed";
inline constexpr char job_failed[] = "job_failed";
inline constexpr char token_expiring[] = "token_expiring";
inline constexpr char authenticate[] = "authenticate";
}  // namespace events

/// A setting is missing, does not parse or is out of range. what() names it, its value (unless secret) and what is
/// allowed.
struct ConfigError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A flag that no setting has, or one without its value: wrong use, and not a wrong value.
struct UnknownFlag : ConfigError {
  using ConfigError::ConfigError;
};

/// A setting that a program has read itself.
struct ConfigValue {
  std::string name;   ///< as in the environment: "PORT"
  std::string value;  ///< its text
  std::string from;   ///< where it stood, for messages
};

enum class AuthFailure : std::uint8_t { unauthorized, connect_error };

/// Every setting. docs/configuration.md has the table; from_env() reads the environment over `.env` in the working
/// directory.
struct Config {
  /// PORT: Port to listen on; 0 takes any free one. Default: 3000; allowed: 0 to 65535.
  std::uint16_t port = 3000;
  /// LISTEN: Listen on PORT; off is for a program that hands connections over itself (WebSocketService::adopt, handle).
  /// Default: on; allowed: on, off (or true, false, 1, 0).
  bool listen = true;
  /// HOST: Address to listen on, or host name, at all of its addresses; localhost is loopback, IPv4 and IPv6. Default:
  /// all addresses.
  std::string host;
  /// JWT_SECRET: Key with which HS256 tokens are signed: 32 random bytes or more (a shorter one is warned about);
  /// without it the server does not start. Default: none.
  std::string jwt_secret;
  /// CORS_ORIGIN: Origins whose pages may connect, with commas between: https://example.com, https://*.example.com, or
  /// * for all. Default: no CORS headers.
  std::string cors_origin;
  /// API_KEY: Key that workers send as a bearer token to /api: 32 random bytes or more (a shorter one is warned about);
  /// without it /api answers 403. Default: none.
  std::string api_key;
  /// LOG_LEVEL: Lines below this level are not logged. From debug on every refused client costs a line. Default: info;
  /// allowed: trace, debug, info, warn, error, off.
  std::string log_level = "info";
  /// LOG_FORMAT: Log lines for people or for machines. Default: text; allowed: text, json.
  std::string log_format = "text";
  /// Takes the log's lines in place of stderr: the program's own logger. No setting of the environment.
  LogSink log_sink;
  /// THREADS: Shards, each with a thread of its own. Events for users on different shards cost messages between them.
  /// Default: the cores; allowed: 0 to 256.
  unsigned threads = 0;
  /// SOCKET_PATH: Path at which clients connect (their option `path`). Default: /socket.io/.
  std::string path = "/socket.io/";

  /// PING_INTERVAL_MS: Time between two heartbeats. Each costs every client a ping and a pong. Default: 25000, in ms;
  /// allowed: 1 to 1000000000.
  std::chrono::milliseconds ping_interval{25000};
  /// PING_TIMEOUT_MS: How long a client may take to answer one. Default: 20000, in ms; allowed: 1 to 1000000000.
  std::chrono::milliseconds ping_timeout{20000};
  /// CONNECT_TIMEOUT_MS: How long a session may be without a namespace. Default: 45000, in ms; allowed: 1 to
  /// 2147483647.
  std::chrono::milliseconds connect_timeout{45000};
  /// UPGRADE_TIMEOUT_MS: How long the upgrade to WebSocket may take. Default: 10000, in ms; allowed: 1 to 2147483647.
  std::chrono::milliseconds upgrade_timeout{10000};
  /// HEADER_TIMEOUT_MS: How long a request head may take, whole. Default: 10000, in ms; allowed: 1 to 2147483647.
  std::chrono::milliseconds header_timeout{10000};
  /// BODY_TIMEOUT_MS: How long a request body may take, whole. Default: 30000, in ms; allowed: 1 to 2147483647.
  std::chrono::milliseconds body_timeout{30000};
  /// IDLE_TIMEOUT_MS: How long a kept-alive connection may wait for its next request. Default: 30000, in ms; allowed: 1
  /// to 2147483647.
  std::chrono::milliseconds idle_timeout{30000};
  /// ACK_TIMEOUT_MS: How long a client may take to acknowledge an event, where the emit does not say. Default: 10000,
  /// in ms; allowed: 1 to 2147483647.
  std::chrono::milliseconds ack_timeout{10000};
  /// MAX_PAYLOAD_BYTES: Largest message, polling body or API body, attachments included. At most what a row of the
  /// store (SQLite) takes. Default: 1000000, in bytes; allowed: 128 to 900000000.
  std::size_t max_payload_bytes = 1'000'000;
  /// JSON_DEPTH: Deepest nesting of JSON. Default: 128, in levels; allowed: 1 to 1024.
  std::size_t json_depth = 128;
  /// POLLING_MAX_PACKETS: Most packets in one polling answer. Default: 16, in packets; allowed: 1 to 1000000000.
  std::size_t polling_max_packets = 16;

  // Who a user is
  /// JWT_LEEWAY_S: How far the clocks of signer and server may differ, for exp and nbf. Default: 0, in s; allowed: 0 to
  /// 86400.
  std::chrono::seconds jwt_leeway{0};
  /// REQUIRE_EXP: Refuse tokens that never expire. Default: off; allowed: on, off (or true, false, 1, 0).
  bool require_exp = false;
  /// USER_ID_CLAIMS: Claims that may hold the user's id; the first one present counts. Default: id,userId,sub.
  std::vector<std::string> user_id_claims{"id", "userId", "sub"};
  /// TOKEN_IN_QUERY: Take tokens from the URL as well (`token` in the query), where logs and histories see them.
  /// Default: off; allowed: on, off (or true, false, 1, 0).
  bool token_in_query = false;
  /// AUTH_FAILURE: How a refused client hears of it: the event unauthorized, or Socket.IO's connect_error. Default:
  /// unauthorized; allowed: unauthorized, connect_error.
  AuthFailure auth_failure = AuthFailure::unauthorized;

  // Presence
  /// PRESENCE_EVENTS: Send user_online and user_offline, which show every user's id to all; off counts only. On, each
  /// of them costs a message to every client. Default: on; allowed: on, off (or true, false, 1, 0).
  bool presence_events = true;
  /// PRESENCE_GRACE_MS: How long a user stays online after the last socket has gone. Default: 5000, in ms; allowed: 0
  /// to 2147483647.
  std::chrono::milliseconds presence_grace{5000};

  // What is kept of jobs (docs/delivery.md)
  /// DATA_DIR: Folder of the store of outcomes, made if it is not there; empty: kept in memory alone. With a store an
  /// outcome costs a row on the disk, in commits of many. Default: ./signalbox-data.
  std::string data_dir = "./signalbox-data";
  /// OUTCOME_TTL_MS: How long the outcome of a job is kept, received or not. Default: 86400000, in ms; allowed: 1 to
  /// 2147483647.
  std::chrono::milliseconds outcome_ttl{24 * 3600 * 1000};
  /// PROGRESS_TTL_MS: How long the progress of a job is kept without news. Default: 3600000, in ms; allowed: 1 to
  /// 2147483647.
  std::chrono::milliseconds progress_ttl{3600 * 1000};
  /// OUTCOME_REPLAY_MS: How long a received outcome is told again at a login; 0: not at all. Default: 600000, in ms;
  /// allowed: 0 to 2147483647.
  std::chrono::milliseconds outcome_replay{600 * 1000};
  /// JOBS_PER_USER: Most jobs kept for one user; jobs with an unread outcome are not counted. Default: 200; allowed: 1
  /// to 1000000000.
  std::size_t jobs_per_user = 200;
  /// UNREAD_OUTCOMES_PER_USER: Most unread outcomes of one user; further ones are refused with 429. Default: 10000;
  /// allowed: 1 to 1000000000.
  std::size_t unread_outcomes_per_user = 10'000;
  /// LEDGER_TOTAL_BYTES: Most bytes of memory for all jobs kept; from three quarters of it on the data of outcomes lies
  /// in the store alone, past it only unread outcomes stay. Default: 268435456, in bytes; allowed: 1 to 1099511627776.
  std::size_t ledger_total_bytes = 256u << 20;
  /// UNREAD_TOTAL_BYTES: Most bytes of memory for the unread outcomes of all users: their index, ids included, and with
  /// DATA_DIR empty their data; past it further ones are refused with 429. Default: LEDGER_TOTAL_BYTES, in bytes;
  /// allowed: 0 to 1099511627776.
  std::size_t unread_total_bytes = 0;
  /// STORE_QUEUE_BYTES: Most bytes of outcomes that wait for the disk; further ones are refused with 429 until it has
  /// caught up. Default: 67108864, in bytes; allowed: 1 to 1099511627776.
  std::size_t store_queue_bytes = 64u << 20;
  /// STORE_TIMEOUT_MS: How long the disk may take for a commit; then outcomes, those that wait for it too, and /readyz
  /// are answered 503 until it is done. Default: 5000, in ms; allowed: 1 to 2147483647.
  std::chrono::milliseconds store_timeout{5000};
  /// OUTCOME_ACKS: Outcomes ask for a Socket.IO acknowledgement, which confirms them: handlers get a callback as their
  /// last argument. Not with RECOVERY_WINDOW_MS. Each outcome then costs a packet from every client that gets it.
  /// Default: off; allowed: on, off (or true, false, 1, 0).
  bool outcome_acks = false;

  // Socket.IO's connection state recovery (docs/delivery.md)
  /// RECOVERY_WINDOW_MS: How long after its disconnect a client may come back as the same socket and get what it missed
  /// (Socket.IO's connection state recovery). Every event then has one more argument. A socket that is away costs a
  /// kilobyte, beside what it missed. Default: off, in ms; allowed: 0 to 2147483647.
  std::chrono::milliseconds recovery_window{0};
  /// RECOVERY_BYTES_PER_USER: Most bytes kept on one thread for the recovery of one user's sockets; past it the oldest
  /// events go. Default: 1048576, in bytes; allowed: 1024 to 1099511627776.
  std::size_t recovery_bytes_per_user = 1u << 20;
  /// RECOVERY_TOTAL_BYTES: The same of all users, of which each thread has its part. Default: 67108864, in bytes;
  /// allowed: RECOVERY_BYTES_PER_USER to 1099511627776.
  std::size_t recovery_total_bytes = 64u << 20;

  // How it ends
  /// SHUTDOWN_DELAY_MS: How long all goes on after SIGTERM while /readyz says 503, so that a proxy sends nobody more.
  /// Default: 0, in ms; allowed: 0 to 2147483647.
  std::chrono::milliseconds shutdown_delay{0};
  /// DRAIN_MS: After that delay, the longest time in which the clients' connections are closed one after the other; 0:
  /// all at once. Default: 5000, in ms; allowed: 0 to 2147483647.
  std::chrono::milliseconds drain{5000};
  /// RESTART_GRACE_MS: After a start, how long users who were online before it stay so until they are back; with
  /// DATA_DIR only. Default: 10000, in ms; allowed: 0 to 2147483647.
  std::chrono::milliseconds restart_grace{10000};

  /// SERVE_CLIENT: Serve the browser's client script at SOCKET_PATH, as Socket.IO does. Default: on; allowed: on, off
  /// (or true, false, 1, 0).
  bool serve_client = true;

  // Limits (docs/security.md)
  /// MAX_CONNECTIONS: Most connections at once; further ones get 503. An idle client with a login costs some 1.5 KB
  /// beside what the kernel keeps. Default: what descriptors leave beside the program's own, at most 1048576; allowed:
  /// 0 to 1000000000.
  std::size_t max_connections = 0;
  /// MAX_UNAUTHENTICATED: Most sessions without a login at once; the oldest goes. Default: a tenth of MAX_CONNECTIONS,
  /// at least 1000; allowed: 0 to 1000000000.
  std::size_t max_unauthenticated = 0;
  /// MAX_UNAUTHENTICATED_PER_ADDRESS: The same from one address; further ones get 503. Default: no limit; allowed: 0 to
  /// 1000000000.
  std::size_t max_unauthenticated_per_address = 0;
  /// MAX_PENDING_LOGINS: Most logins that wait for a middleware of the application that takes its time; further clients
  /// are closed. Default: 10000; allowed: 1 to 1000000000.
  std::size_t max_pending_logins = 10'000;
  /// MAX_CONNECTIONS_PER_USER: Most sockets of one user; the oldest is disconnected. 0: no limit. Default: 500;
  /// allowed: 0 to 1000000000.
  std::size_t max_connections_per_user = 500;
  /// MAX_HEAD_BYTES: Largest request head. Default: 16384, in bytes; allowed: 1024 to 1048576.
  std::size_t max_head_bytes = 16 * 1024;
  /// MAX_HEAD_FIELDS: Most fields in a request head. Default: 100, in fields; allowed: 8 to 10000.
  std::size_t max_head_fields = 100;
  /// POLLING_MAX_RECEIVED: Most packets in one polling request. Default: 1000, in packets; allowed: 1 to 1000000000.
  std::size_t polling_max_received = 1000;
  /// MAX_NAMESPACES: Most namespaces that one connection joins. Default: 10; allowed: 1 to 1000000000.
  std::size_t max_namespaces = 10;
  /// MAX_EVENT_NAME_BYTES: Longest event name from a client. Default: 256, in bytes; allowed: 16 to 900000000.
  std::size_t max_event_name_bytes = 256;
  /// MAX_ATTACHMENTS: Most attachments of an event from a client. Default: 10; allowed: 0 to 1000000000.
  std::size_t max_attachments = 10;
  /// ATTACHMENTS_TIMEOUT_MS: How long the attachments of a binary event may take. Default: 30000, in ms; allowed: 1 to
  /// 2147483647.
  std::chrono::milliseconds attachments_timeout{30000};
  /// MAX_FRAGMENTS: Most fragments of a WebSocket message. Default: 1024; allowed: 1 to 1000000000.
  std::uint32_t max_fragments = 1024;
  /// TOTAL_PARTIAL_BYTES: Most bytes of half-finished requests and messages over all clients, of which those without a
  /// login have half; these go first, then the largest. Default: 67108864, in bytes; allowed: MAX_PAYLOAD_BYTES to
  /// 1099511627776.
  std::size_t total_partial_bytes = 64u << 20;
  /// PREAUTH_MESSAGE_BYTES: Largest message before login, and largest connect payload at any time. Default: 16384, in
  /// bytes; allowed: 128 to 900000000.
  std::size_t preauth_message_bytes = 16 * 1024;
  /// PREAUTH_HEADS_BYTES: Most bytes kept of the request heads of sessions without a login, of which each thread has
  /// its part; the oldest of these sessions goes. Default: 33554432, in bytes; allowed: MAX_HEAD_BYTES to
  /// 1099511627776.
  std::size_t preauth_heads_bytes = 32u << 20;
  /// CLIENT_EVENTS_PER_S: Packets a client may send in a second before it is read more slowly; SEND_QUEUE_BYTES of
  /// answers about jobs count as as many. 0: no limit. Default: 200; allowed: 0 to 1000000000.
  std::size_t client_events_per_s = 200;
  /// MAX_PENDING_ACKS: Most acknowledgements waited for from one socket. Default: 1000; allowed: 1 to 1000000000.
  std::size_t max_pending_acks = 1000;
  /// SEND_QUEUE_BYTES: Bytes that may wait for one slow client; when as much again has come on top, it is closed.
  /// Default: 1048576, in bytes; allowed: 16384 to 1099511627776.
  std::size_t send_queue_bytes = 1u << 20;
  /// TOTAL_QUEUE_BYTES: Most bytes that wait for all clients together, unread answers included, of which those without
  /// a login have half; these go first, then clients of the user for whom most waits. Default: 268435456, in bytes;
  /// allowed: MAX_PAYLOAD_BYTES to 1099511627776.
  std::size_t total_queue_bytes = 256u << 20;
  /// MAILBOX_MESSAGES: Most messages that wait for one shard; past it emits are refused as overloaded. Each costs 40
  /// bytes beside the event, which all that it goes to share. Default: 100000, in messages; allowed: 1 to 1000000000.
  std::size_t mailbox_messages = 100'000;
  /// TCP_USER_TIMEOUT_MS: How long sent data may stay unacknowledged before a peer counts as dead. Default: 30000, in
  /// ms; allowed: 0 to 2147483647.
  std::chrono::milliseconds tcp_user_timeout{30000};

  /// Environment over `.env` in the working directory over the defaults. Throws ConfigError.
  [[nodiscard]] static Config from_env();
  /// Flags over environment over `.env`. `arguments` are those after the command's name, such as {"--port", "3001"}.
  /// Throws ConfigError, and of its kinds UnknownFlag for a flag that there is not.
  [[nodiscard]] static Config from_arguments(const std::vector<std::string>& arguments);
  /// These over the defaults, and of one name the last; nothing else is read. Throws ConfigError.
  [[nodiscard]] static Config from_values(const std::vector<ConfigValue>& values);
  /// Takes the settings' flags and their values out of `arguments` (up to a "--") and returns them; what a program has
  /// of its own stays.
  static std::vector<std::string> take_flags(std::vector<std::string>& arguments);
  /// Every setting with its flag, unit, default and range, as lines for a terminal (`signalbox --help`).
  [[nodiscard]] static std::string help();
  /// The same as a Markdown table (docs/configuration.md).
  [[nodiscard]] static std::string markdown_table();
  /// The same as the text of a JSON array: of each setting its name, type (number, switch, list or text), unit,
  /// default, what is allowed, and what it does.
  [[nodiscard]] static std::string json_table();
};

}  // namespace signalbox
