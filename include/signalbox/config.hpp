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
  /// PORT: Port to listen on; 0 takes any free one. Ports below 1024 need the capability CAP_NET_BIND_SERVICE. Default:
  /// 3000; allowed: 0 to 65535.
  std::uint16_t port = 3000;
  /// LISTEN: Listen on PORT. Off is for a program that hands over connections and requests itself
  /// (WebSocketService::adopt, handle). Off: clients reach the service through that program alone. Default: on;
  /// allowed: on, off (or true, false, 1, 0).
  bool listen = true;
  /// HOST: Address to listen on, or host name, at all of its addresses; localhost is loopback, IPv4 and IPv6. Behind a
  /// proxy on the same machine localhost is enough, and then nobody else can connect. Default: all addresses.
  std::string host{};
  /// JWT_SECRET: Key with which HS256 tokens are signed: 32 random bytes or more (a shorter one is warned about);
  /// without it the server does not start. A change makes every token invalid that was signed before. Default: none.
  std::string jwt_secret{};
  /// CORS_ORIGIN: Origins whose pages may connect, with commas between: https://example.com, https://*.example.com, or
  /// * for all. A page that may connect can do all that its user's token allows. Default: no CORS headers.
  std::string cors_origin{};
  /// API_KEY: Key that workers send as a bearer token to /api: 32 random bytes or more (a shorter one is warned about);
  /// without it /api answers 403. Whoever has it can emit to every user. Default: none.
  std::string api_key{};
  /// LOG_LEVEL: Lines below this level are not logged. From debug on, every refused client costs a line. Default: info;
  /// allowed: trace, debug, info, warn, error, off.
  std::string log_level = "info";
  /// LOG_FORMAT: Log lines for people or for machines. A line in json is some 40 bytes longer. Default: text; allowed:
  /// text, json.
  std::string log_format = "text";
  /// Takes the log's lines in place of stderr: the program's own logger. No setting of the environment.
  LogSink log_sink{};
  /// THREADS: Shards, each with a thread of its own. Events for users on different shards cost messages between them;
  /// more shards than cores gain nothing. Default: the cores; allowed: 0 to 256.
  unsigned threads = 0;
  /// SOCKET_PATH: Path at which clients connect (their option `path`). Clients that ask at another path get 404.
  /// Default: /socket.io/.
  std::string path = "/socket.io/";

  // Several nodes (docs/scaling.md)
  /// REDIS_URL: Redis over which several nodes are one system (docs/scaling.md): redis://, rediss://, unix:// or
  /// redis+sentinel://; empty: this node is alone. Each login asks Redis once, and every node knows who is online on
  /// all of them. Default: one node.
  std::string redis_url{};
  /// REDIS_KEY: The option `key` of Socket.IO's Redis emitters and adapter, which begins their channels. Emitters with
  /// another key are not heard. Default: socket.io.
  std::string redis_key = "socket.io";
  /// REDIS_PREFIX: What the names of the nodes' own keys and channels begin with. Nodes of one prefix and one database
  /// are one system. Nodes with another prefix know nothing of each other. Default: sb.
  std::string redis_prefix = "sb";
  /// REDIS_SUBSCRIBE: What a node hears of emitters: what is for its own users, or all, also for rooms that are named
  /// by sockets' ids. all: every node reads what is emitted to anybody. Default: users; allowed: users, all.
  std::string redis_subscribe = "users";
  /// NODE_LEASE_MS: How long a node is still taken for alive after it was last heard. Longer: users whose node has died
  /// stay online longer; shorter: a node that is slow for a moment is taken for dead. Default: 5000, in ms; allowed:
  /// 500 to 2147483647.
  std::chrono::milliseconds node_lease{5000};

  // Queues (docs/queues.md)
  /// BULLMQ_QUEUES: Queues of BullMQ whose jobs are told to their users (docs/queues.md), with commas between; * for
  /// all. Each costs a lease in Redis, which is renewed every second. Default: none.
  std::vector<std::string> bullmq_queues{};
  /// BULLMQ_REDIS_URL: Redis in which the queues of BullMQ are. Without REDIS_URL one node reads them, and nodes know
  /// nothing of each other. Default: REDIS_URL.
  std::string bullmq_redis_url{};
  /// BULLMQ_PREFIX: The option `prefix` of BullMQ's queues. Queues with another prefix are not found. Default: bull.
  std::string bullmq_prefix = "bull";
  /// BULLMQ_USER: Where a job says whose it is: a path in its data, or several with commas, of which the first counts
  /// that leads to a text or a number. A job without a user is nobody's. Default: data.userId.
  std::string bullmq_user = "data.userId";
  /// BULLMQ_HOLD_MS: How long the first progress of a job waits for an event that its worker emits itself, which then
  /// stands for it; 0: not at all. The first progress is told later by so much. Default: 100, in ms; allowed: 0 to
  /// 2147483647.
  std::chrono::milliseconds bullmq_hold{100};
  /// BULL_QUEUES: Queues of Bull 3 and 4 whose jobs are told to their users (docs/queues.md), with commas between; *
  /// for all. Each costs a lease in Redis, which is renewed every second. Default: none.
  std::vector<std::string> bull_queues{};
  /// BULL_REDIS_URL: Redis in which the queues of Bull are. Without REDIS_URL one node reads them, and nodes know
  /// nothing of each other. Default: REDIS_URL.
  std::string bull_redis_url{};
  /// BULL_PREFIX: The option `prefix` of Bull's queues. Queues with another prefix are not found. Default: bull.
  std::string bull_prefix = "bull";
  /// BULL_USER: Where a job says whose it is: a path in its data, or several with commas, of which the first counts
  /// that leads to a text or a number. A job without a user is nobody's. Default: data.userId.
  std::string bull_user = "data.userId";
  /// CELERY_RESULT_URL: The Redis of Celery's result backend, whose tasks are told to their users (docs/queues.md);
  /// they need result_extended=True. Every state of every task is read, by one node. Default: off.
  std::string celery_result_url{};
  /// CELERY_USER: Where a task's message says whose it is: a path, such as kwargs.user_id, args.0 or result.user_id, or
  /// several with commas, of which the first counts that leads to a text or a number. A task without a user is
  /// nobody's. Default: kwargs.user_id.
  std::string celery_user = "kwargs.user_id";
  /// CELERY_KEYPREFIX: Celery's global_keyprefix, with which the names of its keys begin. Tasks with another prefix are
  /// not heard. Default: none.
  std::string celery_keyprefix{};
  /// PYTHON_SOCKETIO_CHANNEL: The channel of python-socketio's managers, which is socketio unless they say otherwise:
  /// what they emit reaches our clients (docs/queues.md). Every node reads all that is emitted there. Default: off.
  std::string python_socketio_channel{};
  /// PYTHON_SOCKETIO_URL: Redis of python-socketio's managers. Without REDIS_URL one node tells users, and nodes know
  /// nothing of each other. Default: REDIS_URL.
  std::string python_socketio_url{};
  /// SIGNALBOX_STREAM: A stream in Redis to which workers add what they emit, with the fields userId, event and data
  /// (docs/queues.md). One node reads it; what can never be told goes to the stream with :dead behind its name.
  /// Default: off.
  std::string signalbox_stream{};
  /// SIGNALBOX_STREAM_URL: Redis in which SIGNALBOX_STREAM is. Without REDIS_URL one node reads it, and nodes know
  /// nothing of each other. Default: REDIS_URL.
  std::string signalbox_stream_url{};

  /// PING_INTERVAL_MS: Time between two heartbeats. Each costs every client a ping and a pong. Longer: a lost
  /// connection is noticed later. Default: 25000, in ms; allowed: 1 to 1000000000.
  std::chrono::milliseconds ping_interval{25000};
  /// PING_TIMEOUT_MS: How long a client may take to answer a heartbeat. Longer: users whose connections are lost stay
  /// online longer; shorter: clients on slow lines are disconnected. Default: 20000, in ms; allowed: 1 to 1000000000.
  std::chrono::milliseconds ping_timeout{20000};
  /// CONNECT_TIMEOUT_MS: How long a session may be without a namespace, and so how long a login may take. Longer:
  /// clients that never log in keep their places longer; shorter: slow logins fail. Default: 45000, in ms; allowed: 1
  /// to 2147483647.
  std::chrono::milliseconds connect_timeout{45000};
  /// UPGRADE_TIMEOUT_MS: How long the upgrade to WebSocket may take. Longer: an upgrade that does not end keeps its
  /// connection longer; shorter: clients on slow lines stay with polling. Default: 10000, in ms; allowed: 1 to
  /// 2147483647.
  std::chrono::milliseconds upgrade_timeout{10000};
  /// HEADER_TIMEOUT_MS: How long a client may take to send a whole request head. Longer: clients that send nothing keep
  /// their connections longer; shorter: clients on slow lines get 408. Default: 10000, in ms; allowed: 1 to 2147483647.
  std::chrono::milliseconds header_timeout{10000};
  /// BODY_TIMEOUT_MS: How long a client may take to send a whole request body. Longer: half-sent bodies take memory
  /// longer (TOTAL_PARTIAL_BYTES); shorter: clients on slow lines get 408. Default: 30000, in ms; allowed: 1 to
  /// 2147483647.
  std::chrono::milliseconds body_timeout{30000};
  /// IDLE_TIMEOUT_MS: How long a kept-alive connection may wait for its next request. Longer: clients need fewer
  /// connections, and each idle one takes a descriptor and up to 3 KiB. Default: 30000, in ms; allowed: 1 to
  /// 2147483647.
  std::chrono::milliseconds idle_timeout{30000};
  /// ACK_TIMEOUT_MS: How long a client may take to acknowledge an event, where the emit does not say. Longer: an
  /// acknowledgement that does not come takes its 256 bytes longer. Default: 10000, in ms; allowed: 1 to 2147483647.
  std::chrono::milliseconds ack_timeout{10000};
  /// MAX_PAYLOAD_BYTES: Largest message, polling body or API body, attachments included. At most what a row of the
  /// store (SQLite) takes. Larger: each client can make the server hold more (TOTAL_PARTIAL_BYTES). Default: 1000000,
  /// in bytes; allowed: 128 to 900000000.
  std::size_t max_payload_bytes = 1'000'000;
  /// JSON_DEPTH: Deepest nesting of JSON. Each level takes stack in code that walks through the JSON. Default: 128, in
  /// levels; allowed: 1 to 1024.
  std::size_t json_depth = 128;
  /// POLLING_MAX_PACKETS: Most packets in one polling answer. More: a client that lags needs fewer requests, with
  /// larger answers (128 KiB at most). Default: 16, in packets; allowed: 1 to 1000000000.
  std::size_t polling_max_packets = 16;

  // Who a user is
  /// JWT_LEEWAY_S: How far the clocks of signer and server may differ, for exp and nbf. Tokens are accepted for so much
  /// longer than they say. Default: 0, in s; allowed: 0 to 86400.
  std::chrono::seconds jwt_leeway{0};
  /// REQUIRE_EXP: Refuse tokens that never expire. Off: a stolen token without exp is good until JWT_SECRET changes.
  /// Default: off; allowed: on, off (or true, false, 1, 0).
  bool require_exp = false;
  /// USER_ID_CLAIMS: Claims that may hold the user's id; the first one present counts. A change may give users other
  /// ids, and what is kept under the old ones is not told to them. Default: id,userId,sub.
  std::vector<std::string> user_id_claims{"id", "userId", "sub"};
  /// TOKEN_IN_QUERY: Take tokens from the URL as well (`token` in the query). On: the logs of proxies and the histories
  /// of browsers hold tokens. Default: off; allowed: on, off (or true, false, 1, 0).
  bool token_in_query = false;
  /// AUTH_FAILURE: How a refused client hears of it: the event unauthorized, or Socket.IO's connect_error. With
  /// unauthorized the client connects for a moment and is then disconnected; with connect_error it never connects.
  /// Default: unauthorized; allowed: unauthorized, connect_error.
  AuthFailure auth_failure = AuthFailure::unauthorized;

  // Presence
  /// PRESENCE_EVENTS: Send user_online and user_offline, which show every user's id to all clients; off: users are only
  /// counted. On: each of these events costs a message to every client. Default: on; allowed: on, off (or true, false,
  /// 1, 0).
  bool presence_events = true;
  /// PRESENCE_GRACE_MS: How long a user stays online after the last socket has gone. Longer: others hear later that a
  /// user has gone; shorter: more reloads of a page are told to everybody. Default: 5000, in ms; allowed: 0 to
  /// 2147483647.
  std::chrono::milliseconds presence_grace{5000};

  // What is kept of jobs (docs/delivery.md)
  /// DATA_DIR: Folder of the store of outcomes, made if it is not there; empty: they are kept in memory alone. With a
  /// store an outcome costs a row on the disk, in commits of many; without one a restart loses what was kept. Default:
  /// ./signalbox-data.
  std::string data_dir = "./signalbox-data";
  /// OUTCOME_TTL_MS: How long the outcome of a job is kept, received or not. Each takes some 150 bytes of memory, and
  /// its data in memory or on the disk. Default: 86400000, in ms; allowed: 1 to 2147483647.
  std::chrono::milliseconds outcome_ttl{24 * 3600 * 1000};
  /// PROGRESS_TTL_MS: How long the progress of a job is kept without news. Longer: jobs that were given up take memory
  /// longer (LEDGER_TOTAL_BYTES). Default: 3600000, in ms; allowed: 1 to 2147483647.
  std::chrono::milliseconds progress_ttl{3600 * 1000};
  /// OUTCOME_REPLAY_MS: How long a received outcome is told again at a login; 0: not at all. Each such outcome costs a
  /// packet at every login. Default: 600000, in ms; allowed: 0 to 2147483647.
  std::chrono::milliseconds outcome_replay{600 * 1000};
  /// JOBS_PER_USER: Most jobs kept for one user; jobs with an unread outcome are not counted. Each takes memory
  /// (LEDGER_TOTAL_BYTES) and costs a packet at a login. Default: 200; allowed: 1 to 1000000000.
  std::size_t jobs_per_user = 200;
  /// UNREAD_OUTCOMES_PER_USER: Most unread outcomes of one user; further ones are refused with 429. A login is told all
  /// of them at once, and they are all in memory meanwhile. Default: 10000; allowed: 1 to 1000000000.
  std::size_t unread_outcomes_per_user = 10'000;
  /// LEDGER_TOTAL_BYTES: Most bytes of memory for all jobs kept. From three quarters of it on, the data of outcomes is
  /// in the store alone; past it, only unread outcomes are kept. Taken only as jobs come. Less: more logins wait until
  /// the store has read their outcomes. Default: 268435456, in bytes; allowed: 1 to 1099511627776.
  std::size_t ledger_total_bytes = 256u << 20;
  /// UNREAD_TOTAL_BYTES: Most bytes of memory for the unread outcomes of all users: their index, ids included, and with
  /// DATA_DIR empty their data; past it further ones are refused with 429. An unread outcome takes some 150 bytes, and
  /// its data where there is no store. Default: LEDGER_TOTAL_BYTES, in bytes; allowed: 0 to 1099511627776.
  std::size_t unread_total_bytes = 0;
  /// STORE_QUEUE_BYTES: Most bytes of outcomes that wait for the disk; further ones are refused with 429 until it has
  /// caught up. Taken only while the disk is slow. Less: outcomes are refused sooner when it is. Default: 67108864, in
  /// bytes; allowed: 1 to 1099511627776.
  std::size_t store_queue_bytes = 64u << 20;
  /// STORE_TIMEOUT_MS: How long the disk may take for a commit. After that, outcomes (those that wait as well) and
  /// /readyz are answered 503 until it is done. Longer: workers wait longer for a disk that does not answer; shorter: a
  /// short pause of the disk is a 503. Default: 5000, in ms; allowed: 1 to 2147483647.
  std::chrono::milliseconds store_timeout{5000};
  /// OUTCOME_ACKS: Outcomes ask for a Socket.IO acknowledgement, which confirms them: handlers get a callback as their
  /// last argument. Not with RECOVERY_WINDOW_MS. On: each outcome costs a packet from every client that gets it.
  /// Default: off; allowed: on, off (or true, false, 1, 0).
  bool outcome_acks = false;

  // Socket.IO's connection state recovery (docs/delivery.md)
  /// RECOVERY_WINDOW_MS: How long after its disconnect a client may come back as the same socket and get what it missed
  /// (Socket.IO's connection state recovery). Every event then has one more argument. A socket that is away takes a
  /// kilobyte, beside what it missed. Default: off, in ms; allowed: 0 to 2147483647.
  std::chrono::milliseconds recovery_window{0};
  /// RECOVERY_BYTES_PER_USER: Most bytes kept on one thread for the recovery of one user's sockets; past it the oldest
  /// events go. Taken only as events are sent. Less: more clients come back as new sockets. Default: 1048576, in bytes;
  /// allowed: 1024 to 1099511627776.
  std::size_t recovery_bytes_per_user = 1u << 20;
  /// RECOVERY_TOTAL_BYTES: Most bytes kept for the recovery of all users' sockets, of which each thread has its part;
  /// past it the oldest events go. Taken only as events are sent. Less: more clients come back as new sockets. Default:
  /// 67108864, in bytes; allowed: RECOVERY_BYTES_PER_USER to 1099511627776.
  std::size_t recovery_total_bytes = 64u << 20;

  // How it ends
  /// SHUTDOWN_DELAY_MS: How long all goes on after SIGTERM while /readyz says 503, so that a proxy sends nobody more. A
  /// stop takes so much longer. Default: 0, in ms; allowed: 0 to 2147483647.
  std::chrono::milliseconds shutdown_delay{0};
  /// DRAIN_MS: After SHUTDOWN_DELAY_MS, the longest time in which the clients' connections are closed one after the
  /// other; 0: all at once. Longer: a stop may take longer; shorter: more clients come back at the same time. Default:
  /// 5000, in ms; allowed: 0 to 2147483647.
  std::chrono::milliseconds drain{5000};
  /// RESTART_GRACE_MS: After a start, how long users who were online before it stay so until they are back; with
  /// DATA_DIR only. Longer: others hear later who did not come back; shorter: users who come back late are told to
  /// everybody as gone and back. Default: 10000, in ms; allowed: 0 to 2147483647.
  std::chrono::milliseconds restart_grace{10000};

  /// SERVE_CLIENT: Serve the browser's client script at SOCKET_PATH, as Socket.IO does. Off: pages need the script from
  /// elsewhere. Default: on; allowed: on, off (or true, false, 1, 0).
  bool serve_client = true;

  // For operators (docs/operations.md)
  /// METRICS_PORT: Port at which GET /metrics answers Prometheus without a key, and nothing else; 0: none. PORT answers
  /// it too, to whoever has API_KEY. Whoever reaches it reads how much the server does; no ids, and no data. Default:
  /// off; allowed: 0 to 65535.
  std::uint16_t metrics_port = 0;
  /// METRICS_HOST: Address of METRICS_PORT, or host name, at all of its addresses. Prometheus mostly runs on another
  /// machine; where it does not, localhost is enough, and then nobody else can connect. Default: all addresses.
  std::string metrics_host{};
  /// ADMIN_KEY: Key of the admin page: 32 random bytes or more (a shorter one is warned about); without it there is no
  /// such page. Whoever has it sees what users are sent, sends to them and disconnects them. Default: off.
  std::string admin_key{};
  /// ADMIN_HOST: Address of the admin page, or host name, at all of its addresses; localhost is loopback, IPv4 and
  /// IPv6. Beyond loopback it needs a proxy with TLS before it, or others read the key on its way. Default: localhost.
  std::string admin_host = "localhost";
  /// ADMIN_PORT: Port of the admin page, with ADMIN_KEY; 0 takes any free one. It is never on PORT, which the world may
  /// reach. Default: 3090; allowed: 0 to 65535.
  std::uint16_t admin_port = 3090;

  // Limits (docs/security.md)
  /// MAX_CONNECTIONS: Most connections at once; further ones get 503. An idle client with a login takes some 1.1 KB
  /// beside what the kernel keeps. Default: what descriptors leave beside the program's own, at most 1048576; allowed:
  /// 0 to 1000000000.
  std::size_t max_connections = 0;
  /// MAX_UNAUTHENTICATED: Most sessions without a login at once; the oldest goes. Each takes up to 3 KiB and its
  /// request head. Fewer: when many clients come at once, honest ones are pushed out. Default: a tenth of
  /// MAX_CONNECTIONS, at least 1000; allowed: 0 to 1000000000.
  std::size_t max_unauthenticated = 0;
  /// MAX_UNAUTHENTICATED_PER_ADDRESS: Most sessions without a login at once from one address; further ones get 503. All
  /// clients behind one proxy or router have its address. Default: no limit; allowed: 0 to 1000000000.
  std::size_t max_unauthenticated_per_address = 0;
  /// MAX_PENDING_LOGINS: Most logins that wait at once for a middleware of the application that takes its time
  /// (use_async); further clients are closed. Each takes its connect payload, which counts in TOTAL_PARTIAL_BYTES.
  /// Default: 10000; allowed: 1 to 1000000000.
  std::size_t max_pending_logins = 10'000;
  /// MAX_CONNECTIONS_PER_USER: Most sockets of one user; the oldest is disconnected. 0: no limit. An event for a user
  /// costs a message to each socket. Default: 500; allowed: 0 to 1000000000.
  std::size_t max_connections_per_user = 500;
  /// MAX_HEAD_BYTES: Largest request head. A client's request head is kept while it is connected. Default: 16384, in
  /// bytes; allowed: 1024 to 1048576.
  std::size_t max_head_bytes = 16 * 1024;
  /// MAX_HEAD_FIELDS: Most fields in a request head. More: one request can take more of its shard's time. Default: 100,
  /// in fields; allowed: 8 to 10000.
  std::size_t max_head_fields = 100;
  /// POLLING_MAX_RECEIVED: Most packets in one polling request. More: one request can take more of its shard's time.
  /// Default: 1000, in packets; allowed: 1 to 1000000000.
  std::size_t polling_max_received = 1000;
  /// MAX_NAMESPACES: Most namespaces that one connection joins. Each may take up to 24 KiB. Default: 10; allowed: 1 to
  /// 1000000000.
  std::size_t max_namespaces = 10;
  /// MAX_EVENT_NAME_BYTES: Longest event name from a client. Names are not kept: a longer one costs the time to look
  /// for its handler. Default: 256, in bytes; allowed: 16 to 900000000.
  std::size_t max_event_name_bytes = 256;
  /// MAX_ATTACHMENTS: Most attachments of an event from a client. All of an event are in memory until the last has come
  /// (TOTAL_PARTIAL_BYTES). Default: 10; allowed: 0 to 1000000000.
  std::size_t max_attachments = 10;
  /// ATTACHMENTS_TIMEOUT_MS: How long the attachments of a binary event may take. Longer: half-sent events take memory
  /// longer (TOTAL_PARTIAL_BYTES); shorter: clients on slow lines are disconnected. Default: 30000, in ms; allowed: 1
  /// to 2147483647.
  std::chrono::milliseconds attachments_timeout{30000};
  /// MAX_FRAGMENTS: Most fragments of a WebSocket message. More: one message can take more of its shard's time. Its
  /// bytes count as one message's. Default: 1024; allowed: 1 to 1000000000.
  std::uint32_t max_fragments = 1024;
  /// TOTAL_PARTIAL_BYTES: Most bytes of half-finished requests and messages of all clients; those without a login have
  /// half of it. Past it these are closed first, then clients of the user whose clients hold most. Taken only while
  /// clients send. Less: slow ones are closed sooner when many send. Default: 67108864, in bytes; allowed:
  /// MAX_PAYLOAD_BYTES to 1099511627776.
  std::size_t total_partial_bytes = 64u << 20;
  /// PREAUTH_MESSAGE_BYTES: Largest message before login, and largest connect payload at any time. Larger: each client
  /// without a login can make the server hold more; smaller: logins with long tokens fail. Default: 16384, in bytes;
  /// allowed: 128 to 900000000.
  std::size_t preauth_message_bytes = 16 * 1024;
  /// PREAUTH_HEADS_BYTES: Most bytes kept of the request heads of sessions without a login, of which each thread has
  /// its part; past it the oldest of these sessions is closed. Taken only as clients come. Less: when many come at
  /// once, honest ones are pushed out. Default: 33554432, in bytes; allowed: MAX_HEAD_BYTES to 1099511627776.
  std::size_t preauth_heads_bytes = 32u << 20;
  /// CLIENT_EVENTS_PER_S: Packets that a client may send in a second before it is read more slowly. SEND_QUEUE_BYTES of
  /// answers about jobs count as one second's packets. 0: no limit. More: one client can take more of its shard's time.
  /// Default: 200; allowed: 0 to 1000000000.
  std::size_t client_events_per_s = 200;
  /// MAX_PENDING_ACKS: Most acknowledgements waited for from one socket. Each takes 256 bytes. Default: 1000; allowed:
  /// 1 to 1000000000.
  std::size_t max_pending_acks = 1000;
  /// SEND_QUEUE_BYTES: Bytes that may wait for one slow client; when as much again has come on top, it is closed. A
  /// slow client may take three times as much memory. Less: clients on slow lines are closed sooner. Default: 1048576,
  /// in bytes; allowed: 16384 to 1099511627776.
  std::size_t send_queue_bytes = 1u << 20;
  /// TOTAL_QUEUE_BYTES: Most bytes that wait for all clients together, unread answers included; those without a login
  /// have half of it. Past it these are closed first, then clients of the user for whom most waits. Taken only while
  /// clients are slow. Less: slow ones are closed sooner when many are slow. Default: 268435456, in bytes; allowed:
  /// MAX_PAYLOAD_BYTES to 1099511627776.
  std::size_t total_queue_bytes = 256u << 20;
  /// MAILBOX_MESSAGES: Most messages that wait for one shard; past it emits are refused as overloaded. Each takes 40
  /// bytes beside the event, which all that it goes to share. Default: 100000, in messages; allowed: 1 to 1000000000.
  std::size_t mailbox_messages = 100'000;
  /// TCP_USER_TIMEOUT_MS: How long sent data may stay unacknowledged before a peer counts as dead. Longer: dead peers
  /// take memory longer; shorter: a short outage of the network ends connections. Default: 30000, in ms; allowed: 0 to
  /// 2147483647.
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
  /// The same as the text of a JSON array: of each setting its name, flag, type (number, switch, list or text), unit,
  /// default, what is allowed, the words to choose from where these are few, and what it does.
  [[nodiscard]] static std::string json_table();
};

}  // namespace signalbox
