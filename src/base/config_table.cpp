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

std::optional<std::string> check_name(std::string_view name) {
  const bool plain =
      !name.empty() && std::ranges::none_of(name, [](unsigned char c) { return c <= 0x20 || c == 0x7f; });
  return plain && name.find_first_of("{}") == std::string_view::npos
             ? std::nullopt
             : std::optional<std::string>("allowed: a name without blanks and braces, such as socket.io");
}

const std::vector<Setting>& table() {  // NOLINT(readability-function-size): a line a setting
  // clang-format off
  static const std::vector<Setting> all = {
      {.name = "PORT", .member = &Config::port, .max = 65535, .help = "Port to listen on; 0 takes any free one.", .cost = "Ports below 1024 need the capability CAP_NET_BIND_SERVICE."},
      {.name = "LISTEN", .member = &Config::listen, .help = "Listen on PORT. Off is for a program that hands over connections and requests itself (WebSocketService::adopt, handle).", .cost = "Off: clients reach the service through that program alone."},
      {.name = "HOST", .member = &Config::host, .help = "Address to listen on, or host name, at all of its addresses; localhost is loopback, IPv4 and IPv6.", .cost = "Behind a proxy on the same machine localhost is enough, and then nobody else can connect.", .unset = "all addresses"},
      {.name = "JWT_SECRET", .member = &Config::jwt_secret, .help = "Key with which HS256 tokens are signed: 32 random bytes or more (a shorter one is warned about); without it the server does not start.", .cost = "A change makes every token invalid that was signed before.", .secret = true, .unset = "none"},
      {.name = "CORS_ORIGIN", .member = &Config::cors_origin, .check = check_origins, .help = "Origins whose pages may connect, with commas between: https://example.com, https://*.example.com, or * for all.", .cost = "A page that may connect can do all that its user's token allows.", .unset = "no CORS headers"},
      {.name = "API_KEY", .member = &Config::api_key, .help = "Key that workers send as a bearer token to /api: 32 random bytes or more (a shorter one is warned about); without it /api answers 403.", .cost = "Whoever has it can emit to every user.", .secret = true, .unset = "none"},
      {.name = "LOG_LEVEL", .member = &Config::log_level, .choices = {"trace", "debug", "info", "warn", "error", "off"}, .help = "Lines below this level are not logged.", .cost = "From debug on, every refused client costs a line."},
      {.name = "LOG_FORMAT", .member = &Config::log_format, .choices = {"text", "json"}, .help = "Log lines for people or for machines.", .cost = "A line in json is some 40 bytes longer."},
      {.name = "THREADS", .member = &Config::threads, .max = 256, .help = "Shards, each with a thread of its own.", .cost = "Events for users on different shards cost messages between them; more shards than cores gain nothing.", .unset = "the cores"},
      {.name = "SOCKET_PATH", .member = &Config::path, .check = check_path, .help = "Path at which clients connect (their option `path`).", .cost = "Clients that ask at another path get 404."},

      {.name = "PING_INTERVAL_MS", .member = &Config::ping_interval, .unit = "ms", .min = 1, .max = kMaxPingMs, .help = "Time between two heartbeats.", .cost = "Each costs every client a ping and a pong. Longer: a lost connection is noticed later."},
      {.name = "PING_TIMEOUT_MS", .member = &Config::ping_timeout, .unit = "ms", .min = 1, .max = kMaxPingMs, .help = "How long a client may take to answer a heartbeat.", .cost = "Longer: users whose connections are lost stay online longer; shorter: clients on slow lines are disconnected."},
      {.name = "CONNECT_TIMEOUT_MS", .member = &Config::connect_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long a session may be without a namespace, and so how long a login may take.", .cost = "Longer: clients that never log in keep their places longer; shorter: slow logins fail."},
      {.name = "UPGRADE_TIMEOUT_MS", .member = &Config::upgrade_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long the upgrade to WebSocket may take.", .cost = "Longer: an upgrade that does not end keeps its connection longer; shorter: clients on slow lines stay with polling."},
      {.name = "HEADER_TIMEOUT_MS", .member = &Config::header_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long a client may take to send a whole request head.", .cost = "Longer: clients that send nothing keep their connections longer; shorter: clients on slow lines get 408."},
      {.name = "BODY_TIMEOUT_MS", .member = &Config::body_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long a client may take to send a whole request body.", .cost = "Longer: half-sent bodies take memory longer (TOTAL_PARTIAL_BYTES); shorter: clients on slow lines get 408."},
      {.name = "IDLE_TIMEOUT_MS", .member = &Config::idle_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long a kept-alive connection may wait for its next request.", .cost = "Longer: clients need fewer connections, and each idle one takes a descriptor and up to 3 KiB."},
      {.name = "ACK_TIMEOUT_MS", .member = &Config::ack_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long a client may take to acknowledge an event, where the emit does not say.", .cost = "Longer: an acknowledgement that does not come takes its 256 bytes longer."},
      {.name = "ATTACHMENTS_TIMEOUT_MS", .member = &Config::attachments_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long the attachments of a binary event may take.", .cost = "Longer: half-sent events take memory longer (TOTAL_PARTIAL_BYTES); shorter: clients on slow lines are disconnected."},
      {.name = "TCP_USER_TIMEOUT_MS", .member = &Config::tcp_user_timeout, .unit = "ms", .max = kMaxMs, .help = "How long sent data may stay unacknowledged before a peer counts as dead.", .cost = "Longer: dead peers take memory longer; shorter: a short outage of the network ends connections.", .unset = "the system's"},

      {.name = "JWT_LEEWAY_S", .member = &Config::jwt_leeway, .unit = "s", .max = 86400, .help = "How far the clocks of signer and server may differ, for exp and nbf.", .cost = "Tokens are accepted for so much longer than they say."},
      {.name = "REQUIRE_EXP", .member = &Config::require_exp, .help = "Refuse tokens that never expire.", .cost = "Off: a stolen token without exp is good until JWT_SECRET changes."},
      {.name = "USER_ID_CLAIMS", .member = &Config::user_id_claims, .check = check_claims, .help = "Claims that may hold the user's id; the first one present counts.", .cost = "A change may give users other ids, and what is kept under the old ones is not told to them."},
      {.name = "TOKEN_IN_QUERY", .member = &Config::token_in_query, .help = "Take tokens from the URL as well (`token` in the query).", .cost = "On: the logs of proxies and the histories of browsers hold tokens."},
      {.name = "AUTH_FAILURE", .member = &Config::auth_failure, .help = "How a refused client hears of it: the event unauthorized, or Socket.IO's connect_error.", .cost = "With unauthorized the client connects for a moment and is then disconnected; with connect_error it never connects."},

      {.name = "PRESENCE_EVENTS", .member = &Config::presence_events, .help = "Send user_online and user_offline, which show every user's id to all clients; off: users are only counted.", .cost = "On: each of these events costs a message to every client."},
      {.name = "PRESENCE_GRACE_MS", .member = &Config::presence_grace, .unit = "ms", .max = kMaxMs, .help = "How long a user stays online after the last socket has gone.", .cost = "Longer: others hear later that a user has gone; shorter: more reloads of a page are told to everybody."},
      {.name = "DATA_DIR", .member = &Config::data_dir, .help = "Folder of the store of outcomes, made if it is not there; empty: they are kept in memory alone.", .cost = "With a store an outcome costs a row on the disk, in commits of many; without one a restart loses what was kept.", .unset = "memory only"},
      {.name = "OUTCOME_TTL_MS", .member = &Config::outcome_ttl, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long the outcome of a job is kept, received or not.", .cost = "Each takes some 150 bytes of memory, and its data in memory or on the disk."},
      {.name = "PROGRESS_TTL_MS", .member = &Config::progress_ttl, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long the progress of a job is kept without news.", .cost = "Longer: jobs that were given up take memory longer (LEDGER_TOTAL_BYTES)."},
      {.name = "OUTCOME_REPLAY_MS", .member = &Config::outcome_replay, .unit = "ms", .max = kMaxMs, .help = "How long a received outcome is told again at a login; 0: not at all.", .cost = "Each such outcome costs a packet at every login."},
      {.name = "JOBS_PER_USER", .member = &Config::jobs_per_user, .min = 1, .max = kMaxCount, .help = "Most jobs kept for one user; jobs with an unread outcome are not counted.", .cost = "Each takes memory (LEDGER_TOTAL_BYTES) and costs a packet at a login."},
      {.name = "UNREAD_OUTCOMES_PER_USER", .member = &Config::unread_outcomes_per_user, .min = 1, .max = kMaxCount, .help = "Most unread outcomes of one user; further ones are refused with 429.", .cost = "A login is told all of them at once, and they are all in memory meanwhile."},
      {.name = "LEDGER_TOTAL_BYTES", .member = &Config::ledger_total_bytes, .unit = "bytes", .min = 1, .max = kMaxBytes, .help = "Most bytes of memory for all jobs kept. From three quarters of it on, the data of outcomes is in the store alone; past it, only unread outcomes are kept.", .cost = "Taken only as jobs come. Less: more logins wait until the store has read their outcomes."},
      {.name = "UNREAD_TOTAL_BYTES", .member = &Config::unread_total_bytes, .unit = "bytes", .max = kMaxBytes, .help = "Most bytes of memory for the unread outcomes of all users: their index, ids included, and with DATA_DIR empty their data; past it further ones are refused with 429.", .cost = "An unread outcome takes some 150 bytes, and its data where there is no store.", .unset = "LEDGER_TOTAL_BYTES"},
      {.name = "STORE_QUEUE_BYTES", .member = &Config::store_queue_bytes, .unit = "bytes", .min = 1, .max = kMaxBytes, .help = "Most bytes of outcomes that wait for the disk; further ones are refused with 429 until it has caught up.", .cost = "Taken only while the disk is slow. Less: outcomes are refused sooner when it is."},
      {.name = "STORE_TIMEOUT_MS", .member = &Config::store_timeout, .unit = "ms", .min = 1, .max = kMaxMs, .help = "How long the disk may take for a commit. After that, outcomes (those that wait as well) and /readyz are answered 503 until it is done.", .cost = "Longer: workers wait longer for a disk that does not answer; shorter: a short pause of the disk is a 503."},
      {.name = "OUTCOME_ACKS", .member = &Config::outcome_acks, .help = "Outcomes ask for a Socket.IO acknowledgement, which confirms them: handlers get a callback as their last argument. Not with RECOVERY_WINDOW_MS.", .cost = "On: each outcome costs a packet from every client that gets it."},
      {.name = "RECOVERY_WINDOW_MS", .member = &Config::recovery_window, .unit = "ms", .max = kMaxMs, .help = "How long after its disconnect a client may come back as the same socket and get what it missed (Socket.IO's connection state recovery). Every event then has one more argument.", .cost = "A socket that is away takes a kilobyte, beside what it missed.", .unset = "off"},
      {.name = "SHUTDOWN_DELAY_MS", .member = &Config::shutdown_delay, .unit = "ms", .max = kMaxMs, .help = "How long all goes on after SIGTERM while /readyz says 503, so that a proxy sends nobody more.", .cost = "A stop takes so much longer."},
      {.name = "DRAIN_MS", .member = &Config::drain, .unit = "ms", .max = kMaxMs, .help = "After SHUTDOWN_DELAY_MS, the longest time in which the clients' connections are closed one after the other; 0: all at once.", .cost = "Longer: a stop may take longer; shorter: more clients come back at the same time."},
      {.name = "RESTART_GRACE_MS", .member = &Config::restart_grace, .unit = "ms", .max = kMaxMs, .help = "After a start, how long users who were online before it stay so until they are back; with DATA_DIR only.", .cost = "Longer: others hear later who did not come back; shorter: users who come back late are told to everybody as gone and back."},
      {.name = "SERVE_CLIENT", .member = &Config::serve_client, .help = "Serve the browser's client script at SOCKET_PATH, as Socket.IO does.", .cost = "Off: pages need the script from elsewhere."},

      {.name = "METRICS_PORT", .member = &Config::metrics_port, .max = 65535, .help = "Port at which GET /metrics answers Prometheus without a key, and nothing else; 0: none. PORT answers it too, to whoever has API_KEY.", .cost = "Whoever reaches it reads how much the server does; no ids, and no data.", .unset = "off"},
      {.name = "METRICS_HOST", .member = &Config::metrics_host, .help = "Address of METRICS_PORT, or host name, at all of its addresses.", .cost = "Prometheus mostly runs on another machine; where it does not, localhost is enough, and then nobody else can connect.", .unset = "all addresses"},
      {.name = "ADMIN_KEY", .member = &Config::admin_key, .help = "Key of the admin page: 32 random bytes or more (a shorter one is warned about); without it there is no such page.", .cost = "Whoever has it sees what users are sent, sends to them and disconnects them.", .secret = true, .unset = "off"},
      {.name = "ADMIN_HOST", .member = &Config::admin_host, .help = "Address of the admin page, or host name, at all of its addresses; localhost is loopback, IPv4 and IPv6.", .cost = "Beyond loopback it needs a proxy with TLS before it, or others read the key on its way."},
      {.name = "ADMIN_PORT", .member = &Config::admin_port, .max = 65535, .help = "Port of the admin page, with ADMIN_KEY; 0 takes any free one.", .cost = "It is never on PORT, which the world may reach."},

      {.name = "REDIS_URL", .member = &Config::redis_url, .help = "Redis over which several nodes are one system (docs/scaling.md): redis://, rediss://, unix:// or redis+sentinel://; empty: this node is alone.", .cost = "Each login asks Redis once, and every node knows who is online on all of them.", .secret = true, .unset = "one node"},
      {.name = "REDIS_KEY", .member = &Config::redis_key, .check = check_name, .help = "The option `key` of Socket.IO's Redis emitters and adapter, which begins their channels.", .cost = "Emitters with another key are not heard."},
      {.name = "REDIS_PREFIX", .member = &Config::redis_prefix, .check = check_name, .help = "What the names of the nodes' own keys and channels begin with. Nodes of one prefix and one database are one system.", .cost = "Nodes with another prefix know nothing of each other."},
      {.name = "REDIS_SUBSCRIBE", .member = &Config::redis_subscribe, .choices = {"users", "all"}, .help = "What a node hears of emitters: what is for its own users, or all, also for rooms that are named by sockets' ids.", .cost = "all: every node reads what is emitted to anybody."},
      {.name = "NODE_LEASE_MS", .member = &Config::node_lease, .unit = "ms", .min = 500, .max = kMaxMs, .help = "How long a node is still taken for alive after it was last heard.", .cost = "Longer: users whose node has died stay online longer; shorter: a node that is slow for a moment is taken for dead."},

      {.name = "BULLMQ_QUEUES", .member = &Config::bullmq_queues, .help = "Queues of BullMQ whose jobs are told to their users (docs/queues.md), with commas between; * for all.", .cost = "Each costs a lease in Redis, which is renewed every second.", .unset = "none"},
      {.name = "BULLMQ_REDIS_URL", .member = &Config::bullmq_redis_url, .help = "Redis in which the queues of BullMQ are.", .cost = "Without REDIS_URL one node reads them, and nodes know nothing of each other.", .secret = true, .unset = "REDIS_URL"},
      {.name = "BULLMQ_PREFIX", .member = &Config::bullmq_prefix, .help = "The option `prefix` of BullMQ's queues.", .cost = "Queues with another prefix are not found."},
      {.name = "BULLMQ_USER", .member = &Config::bullmq_user, .help = "Where a job says whose it is: a path in its data, or several with commas, of which the first counts that leads to a text or a number.", .cost = "A job without a user is nobody's."},
      {.name = "BULLMQ_HOLD_MS", .member = &Config::bullmq_hold, .unit = "ms", .max = kMaxMs, .help = "How long the first progress of a job waits for an event that its worker emits itself, which then stands for it; 0: not at all.", .cost = "The first progress is told later by so much."},
      {.name = "BULL_QUEUES", .member = &Config::bull_queues, .help = "Queues of Bull 3 and 4 whose jobs are told to their users (docs/queues.md), with commas between; * for all.", .cost = "Each costs a lease in Redis, which is renewed every second.", .unset = "none"},
      {.name = "BULL_REDIS_URL", .member = &Config::bull_redis_url, .help = "Redis in which the queues of Bull are.", .cost = "Without REDIS_URL one node reads them, and nodes know nothing of each other.", .secret = true, .unset = "REDIS_URL"},
      {.name = "BULL_PREFIX", .member = &Config::bull_prefix, .help = "The option `prefix` of Bull's queues.", .cost = "Queues with another prefix are not found."},
      {.name = "BULL_USER", .member = &Config::bull_user, .help = "Where a job says whose it is: a path in its data, or several with commas, of which the first counts that leads to a text or a number.", .cost = "A job without a user is nobody's."},
      {.name = "CELERY_RESULT_URL", .member = &Config::celery_result_url, .help = "The Redis of Celery's result backend, whose tasks are told to their users (docs/queues.md); they need result_extended=True.", .cost = "Every state of every task is read, by one node.", .secret = true, .unset = "off"},
      {.name = "CELERY_USER", .member = &Config::celery_user, .help = "Where a task's message says whose it is: a path, such as kwargs.user_id, args.0 or result.user_id, or several with commas, of which the first counts that leads to a text or a number.", .cost = "A task without a user is nobody's."},
      {.name = "CELERY_KEYPREFIX", .member = &Config::celery_keyprefix, .help = "Celery's global_keyprefix, with which the names of its keys begin.", .cost = "Tasks with another prefix are not heard.", .unset = "none"},
      {.name = "PYTHON_SOCKETIO_CHANNEL", .member = &Config::python_socketio_channel, .help = "The channel of python-socketio's managers, which is socketio unless they say otherwise: what they emit reaches our clients (docs/queues.md).", .cost = "Every node reads all that is emitted there.", .unset = "off"},
      {.name = "PYTHON_SOCKETIO_URL", .member = &Config::python_socketio_url, .help = "Redis of python-socketio's managers.", .cost = "Without REDIS_URL one node tells users, and nodes know nothing of each other.", .secret = true, .unset = "REDIS_URL"},
      {.name = "SIGNALBOX_STREAM", .member = &Config::signalbox_stream, .help = "A stream in Redis to which workers add what they emit, with the fields userId, event and data (docs/queues.md).", .cost = "One node reads it; what can never be told goes to the stream with :dead behind its name.", .unset = "off"},
      {.name = "SIGNALBOX_STREAM_URL", .member = &Config::signalbox_stream_url, .help = "Redis in which SIGNALBOX_STREAM is.", .cost = "Without REDIS_URL one node reads it, and nodes know nothing of each other.", .secret = true, .unset = "REDIS_URL"},

      {.name = "MAX_PAYLOAD_BYTES", .member = &Config::max_payload_bytes, .unit = "bytes", .min = kMinMessage, .max = kMaxMessage, .help = "Largest message, polling body or API body, attachments included. At most what a row of the store (SQLite) takes.", .cost = "Larger: each client can make the server hold more (TOTAL_PARTIAL_BYTES)."},
      {.name = "JSON_DEPTH", .member = &Config::json_depth, .unit = "levels", .min = 1, .max = 1024, .help = "Deepest nesting of JSON.", .cost = "Each level takes stack in code that walks through the JSON."},
      {.name = "POLLING_MAX_PACKETS", .member = &Config::polling_max_packets, .unit = "packets", .min = 1, .max = kMaxCount, .help = "Most packets in one polling answer.", .cost = "More: a client that lags needs fewer requests, with larger answers (128 KiB at most)."},
      {.name = "POLLING_MAX_RECEIVED", .member = &Config::polling_max_received, .unit = "packets", .min = 1, .max = kMaxCount, .help = "Most packets in one polling request.", .cost = "More: one request can take more of its shard's time."},
      {.name = "MAX_CONNECTIONS", .member = &Config::max_connections, .max = kMaxCount, .help = "Most connections at once; further ones get 503.", .cost = "An idle client with a login takes some 1.1 KB beside what the kernel keeps.", .unset = "what descriptors leave beside the program's own, at most 1048576"},
      {.name = "MAX_UNAUTHENTICATED", .member = &Config::max_unauthenticated, .max = kMaxCount, .help = "Most sessions without a login at once; the oldest goes.", .cost = "Each takes up to 3 KiB and its request head. Fewer: when many clients come at once, honest ones are pushed out.", .unset = "a tenth of MAX_CONNECTIONS, at least 1000"},
      {.name = "MAX_UNAUTHENTICATED_PER_ADDRESS", .member = &Config::max_unauthenticated_per_address, .max = kMaxCount, .help = "Most sessions without a login at once from one address; further ones get 503.", .cost = "All clients behind one proxy or router have its address.", .unset = "no limit"},
      {.name = "MAX_PENDING_LOGINS", .member = &Config::max_pending_logins, .min = 1, .max = kMaxCount, .help = "Most logins that wait at once for a middleware of the application that takes its time (use_async); further clients are closed.", .cost = "Each takes its connect payload, which counts in TOTAL_PARTIAL_BYTES."},
      {.name = "MAX_CONNECTIONS_PER_USER", .member = &Config::max_connections_per_user, .max = kMaxCount, .help = "Most sockets of one user; the oldest is disconnected. 0: no limit.", .cost = "An event for a user costs a message to each socket."},
      {.name = "MAX_HEAD_BYTES", .member = &Config::max_head_bytes, .unit = "bytes", .min = 1024, .max = 1 << 20, .help = "Largest request head.", .cost = "A client's request head is kept while it is connected."},
      {.name = "MAX_HEAD_FIELDS", .member = &Config::max_head_fields, .unit = "fields", .min = 8, .max = 10'000, .help = "Most fields in a request head.", .cost = "More: one request can take more of its shard's time."},
      {.name = "MAX_NAMESPACES", .member = &Config::max_namespaces, .min = 1, .max = kMaxCount, .help = "Most namespaces that one connection joins.", .cost = "Each may take up to 24 KiB."},
      {.name = "MAX_EVENT_NAME_BYTES", .member = &Config::max_event_name_bytes, .unit = "bytes", .min = kMinEventName, .max = kMaxMessage, .help = "Longest event name from a client.", .cost = "Names are not kept: a longer one costs the time to look for its handler."},
      {.name = "MAX_ATTACHMENTS", .member = &Config::max_attachments, .max = kMaxCount, .help = "Most attachments of an event from a client.", .cost = "All of an event are in memory until the last has come (TOTAL_PARTIAL_BYTES)."},
      {.name = "MAX_FRAGMENTS", .member = &Config::max_fragments, .min = 1, .max = kMaxCount, .help = "Most fragments of a WebSocket message.", .cost = "More: one message can take more of its shard's time. Its bytes count as one message's."},
      {.name = "TOTAL_PARTIAL_BYTES", .member = &Config::total_partial_bytes, .unit = "bytes", .min = 1, .max = kMaxBytes, .holds = "MAX_PAYLOAD_BYTES", .help = "Most bytes of half-finished requests and messages of all clients; those without a login have half of it. Past it these are closed first, then clients of the user whose clients hold most.", .cost = "Taken only while clients send. Less: slow ones are closed sooner when many send."},
      {.name = "PREAUTH_MESSAGE_BYTES", .member = &Config::preauth_message_bytes, .unit = "bytes", .min = kMinMessage, .max = kMaxMessage, .help = "Largest message before login, and largest connect payload at any time.", .cost = "Larger: each client without a login can make the server hold more; smaller: logins with long tokens fail."},
      {.name = "PREAUTH_HEADS_BYTES", .member = &Config::preauth_heads_bytes, .unit = "bytes", .min = 1, .max = kMaxBytes, .holds = "MAX_HEAD_BYTES", .help = "Most bytes kept of the request heads of sessions without a login, of which each thread has its part; past it the oldest of these sessions is closed.", .cost = "Taken only as clients come. Less: when many come at once, honest ones are pushed out."},
      {.name = "CLIENT_EVENTS_PER_S", .member = &Config::client_events_per_s, .max = kMaxCount, .help = "Packets that a client may send in a second before it is read more slowly. SEND_QUEUE_BYTES of answers about jobs count as one second's packets. 0: no limit.", .cost = "More: one client can take more of its shard's time."},
      {.name = "MAX_PENDING_ACKS", .member = &Config::max_pending_acks, .min = 1, .max = kMaxCount, .help = "Most acknowledgements waited for from one socket.", .cost = "Each takes 256 bytes."},
      {.name = "SEND_QUEUE_BYTES", .member = &Config::send_queue_bytes, .unit = "bytes", .min = kMinQueue, .max = kMaxBytes, .help = "Bytes that may wait for one slow client; when as much again has come on top, it is closed.", .cost = "A slow client may take three times as much memory. Less: clients on slow lines are closed sooner."},
      {.name = "TOTAL_QUEUE_BYTES", .member = &Config::total_queue_bytes, .unit = "bytes", .min = 1, .max = kMaxBytes, .holds = "MAX_PAYLOAD_BYTES", .help = "Most bytes that wait for all clients together, unread answers included; those without a login have half of it. Past it these are closed first, then clients of the user for whom most waits.", .cost = "Taken only while clients are slow. Less: slow ones are closed sooner when many are slow."},
      {.name = "RECOVERY_BYTES_PER_USER", .member = &Config::recovery_bytes_per_user, .unit = "bytes", .min = kMinHistory, .max = kMaxBytes, .help = "Most bytes kept on one thread for the recovery of one user's sockets; past it the oldest events go.", .cost = "Taken only as events are sent. Less: more clients come back as new sockets."},
      {.name = "RECOVERY_TOTAL_BYTES", .member = &Config::recovery_total_bytes, .unit = "bytes", .min = kMinHistory, .max = kMaxBytes, .holds = "RECOVERY_BYTES_PER_USER", .help = "Most bytes kept for the recovery of all users' sockets, of which each thread has its part; past it the oldest events go.", .cost = "Taken only as events are sent. Less: more clients come back as new sockets."},
      {.name = "MAILBOX_MESSAGES", .member = &Config::mailbox_messages, .unit = "messages", .min = 1, .max = kMaxCount, .help = "Most messages that wait for one shard; past it emits are refused as overloaded.", .cost = "Each takes 40 bytes beside the event, which all that it goes to share."},
  };
  // clang-format on
  return all;
}

}  // namespace

std::span<const Setting> settings() {
  return table();
}

}  // namespace signalbox
