/** The engine's settings (docs/configuration.md), which come before the environment and .env. */
export interface SignalboxOptions {
  /** PORT: Port to listen on; 0 takes any free one. Default: 3000, allowed: 0 to 65535. */
  port?: number;
  /** HOST: Address to listen on, or host name, at all of its addresses; localhost is loopback, IPv4 and IPv6. Default: all addresses. */
  host?: string;
  /** JWT_SECRET: Key with which HS256 tokens are signed: 32 random bytes or more (a shorter one is warned about); without it the server does not start. Default: none. */
  jwtSecret?: string;
  /** CORS_ORIGIN: Origins whose pages may connect, with commas between: https://example.com, https://*.example.com, or * for all. Default: no CORS headers. */
  corsOrigin?: string | readonly string[];
  /** API_KEY: Key that workers send as a bearer token to /api: 32 random bytes or more (a shorter one is warned about); without it /api answers 403. Default: none. */
  apiKey?: string;
  /** LOG_LEVEL: Lines below this level are not logged. From debug on every refused client costs a line. Default: info, allowed: trace, debug, info, warn, error, off. */
  logLevel?: string;
  /** LOG_FORMAT: Log lines for people or for machines. Default: text, allowed: text, json. */
  logFormat?: string;
  /** THREADS: Shards, each with a thread of its own. Events for users on different shards cost messages between them. Default: the cores, allowed: 0 to 256. */
  threads?: number;
  /** SOCKET_PATH: Path at which clients connect (their option `path`). Default: /socket.io/. */
  socketPath?: string;
  /** PING_INTERVAL_MS: Time between two heartbeats. Each costs every client a ping and a pong. Default: 25000, in ms, allowed: 1 to 1000000000. */
  pingIntervalMs?: number;
  /** PING_TIMEOUT_MS: How long a client may take to answer one. Default: 20000, in ms, allowed: 1 to 1000000000. */
  pingTimeoutMs?: number;
  /** CONNECT_TIMEOUT_MS: How long a session may be without a namespace. Default: 45000, in ms, allowed: 1 to 2147483647. */
  connectTimeoutMs?: number;
  /** UPGRADE_TIMEOUT_MS: How long the upgrade to WebSocket may take. Default: 10000, in ms, allowed: 1 to 2147483647. */
  upgradeTimeoutMs?: number;
  /** HEADER_TIMEOUT_MS: How long a request head may take, whole. Default: 10000, in ms, allowed: 1 to 2147483647. */
  headerTimeoutMs?: number;
  /** BODY_TIMEOUT_MS: How long a request body may take, whole. Default: 30000, in ms, allowed: 1 to 2147483647. */
  bodyTimeoutMs?: number;
  /** IDLE_TIMEOUT_MS: How long a kept-alive connection may wait for its next request. Default: 30000, in ms, allowed: 1 to 2147483647. */
  idleTimeoutMs?: number;
  /** ACK_TIMEOUT_MS: How long a client may take to acknowledge an event, where the emit does not say. Default: 10000, in ms, allowed: 1 to 2147483647. */
  ackTimeoutMs?: number;
  /** ATTACHMENTS_TIMEOUT_MS: How long the attachments of a binary event may take. Default: 30000, in ms, allowed: 1 to 2147483647. */
  attachmentsTimeoutMs?: number;
  /** TCP_USER_TIMEOUT_MS: How long sent data may stay unacknowledged before a peer counts as dead. Default: 30000, in ms, allowed: 0 to 2147483647. */
  tcpUserTimeoutMs?: number;
  /** JWT_LEEWAY_S: How far the clocks of signer and server may differ, for exp and nbf. Default: 0, in s, allowed: 0 to 86400. */
  jwtLeewayS?: number;
  /** REQUIRE_EXP: Refuse tokens that never expire. Default: off, allowed: on, off (or true, false, 1, 0). */
  requireExp?: boolean;
  /** USER_ID_CLAIMS: Claims that may hold the user's id; the first one present counts. Default: id,userId,sub. */
  userIdClaims?: string | readonly string[];
  /** TOKEN_IN_QUERY: Take tokens from the URL as well (`token` in the query), where logs and histories see them. Default: off, allowed: on, off (or true, false, 1, 0). */
  tokenInQuery?: boolean;
  /** AUTH_FAILURE: How a refused client hears of it: the event unauthorized, or Socket.IO's connect_error. Default: unauthorized, allowed: unauthorized, connect_error. */
  authFailure?: string;
  /** PRESENCE_EVENTS: Send user_online and user_offline, which show every user's id to all; off counts only. On, each of them costs a message to every client. Default: on, allowed: on, off (or true, false, 1, 0). */
  presenceEvents?: boolean;
  /** PRESENCE_GRACE_MS: How long a user stays online after the last socket has gone. Default: 5000, in ms, allowed: 0 to 2147483647. */
  presenceGraceMs?: number;
  /** DATA_DIR: Folder of the store of outcomes, made if it is not there; empty: kept in memory alone. With a store an outcome costs a row on the disk, in commits of many. Default: ./signalbox-data. */
  dataDir?: string;
  /** OUTCOME_TTL_MS: How long the outcome of a job is kept, received or not. Default: 86400000, in ms, allowed: 1 to 2147483647. */
  outcomeTtlMs?: number;
  /** PROGRESS_TTL_MS: How long the progress of a job is kept without news. Default: 3600000, in ms, allowed: 1 to 2147483647. */
  progressTtlMs?: number;
  /** OUTCOME_REPLAY_MS: How long a received outcome is told again at a login; 0: not at all. Default: 600000, in ms, allowed: 0 to 2147483647. */
  outcomeReplayMs?: number;
  /** JOBS_PER_USER: Most jobs kept for one user; jobs with an unread outcome are not counted. Default: 200, allowed: 1 to 1000000000. */
  jobsPerUser?: number;
  /** UNREAD_OUTCOMES_PER_USER: Most unread outcomes of one user; further ones are refused with 429. Default: 10000, allowed: 1 to 1000000000. */
  unreadOutcomesPerUser?: number;
  /** LEDGER_TOTAL_BYTES: Most bytes of memory for all jobs kept; from three quarters of it on the data of outcomes lies in the store alone, past it only unread outcomes stay. Default: 268435456, in bytes, allowed: 1 to 1099511627776. */
  ledgerTotalBytes?: number;
  /** UNREAD_TOTAL_BYTES: Most bytes of memory for the unread outcomes of all users: their index, ids included, and with DATA_DIR empty their data; past it further ones are refused with 429. Default: LEDGER_TOTAL_BYTES, in bytes, allowed: 0 to 1099511627776. */
  unreadTotalBytes?: number;
  /** STORE_QUEUE_BYTES: Most bytes of outcomes that wait for the disk; further ones are refused with 429 until it has caught up. Default: 67108864, in bytes, allowed: 1 to 1099511627776. */
  storeQueueBytes?: number;
  /** STORE_TIMEOUT_MS: How long the disk may take for a commit; then outcomes, those that wait for it too, and /readyz are answered 503 until it is done. Default: 5000, in ms, allowed: 1 to 2147483647. */
  storeTimeoutMs?: number;
  /** OUTCOME_ACKS: Outcomes ask for a Socket.IO acknowledgement, which confirms them: handlers get a callback as their last argument. Not with RECOVERY_WINDOW_MS. Each outcome then costs a packet from every client that gets it. Default: off, allowed: on, off (or true, false, 1, 0). */
  outcomeAcks?: boolean;
  /** RECOVERY_WINDOW_MS: How long after its disconnect a client may come back as the same socket and get what it missed (Socket.IO's connection state recovery). Every event then has one more argument. A socket that is away costs a kilobyte, beside what it missed. Default: off, in ms, allowed: 0 to 2147483647. */
  recoveryWindowMs?: number;
  /** SHUTDOWN_DELAY_MS: How long all goes on after SIGTERM while /readyz says 503, so that a proxy sends nobody more. Default: 0, in ms, allowed: 0 to 2147483647. */
  shutdownDelayMs?: number;
  /** DRAIN_MS: After that delay, the longest time in which the clients' connections are closed one after the other; 0: all at once. Default: 5000, in ms, allowed: 0 to 2147483647. */
  drainMs?: number;
  /** RESTART_GRACE_MS: After a start, how long users who were online before it stay so until they are back; with DATA_DIR only. Default: 10000, in ms, allowed: 0 to 2147483647. */
  restartGraceMs?: number;
  /** SERVE_CLIENT: Serve the browser's client script at SOCKET_PATH, as Socket.IO does. Default: on, allowed: on, off (or true, false, 1, 0). */
  serveClient?: boolean;
  /** MAX_PAYLOAD_BYTES: Largest message, polling body or API body, attachments included. At most what a row of the store (SQLite) takes. Default: 1000000, in bytes, allowed: 128 to 900000000. */
  maxPayloadBytes?: number;
  /** JSON_DEPTH: Deepest nesting of JSON. Default: 128, in levels, allowed: 1 to 1024. */
  jsonDepth?: number;
  /** POLLING_MAX_PACKETS: Most packets in one polling answer. Default: 16, in packets, allowed: 1 to 1000000000. */
  pollingMaxPackets?: number;
  /** POLLING_MAX_RECEIVED: Most packets in one polling request. Default: 1000, in packets, allowed: 1 to 1000000000. */
  pollingMaxReceived?: number;
  /** MAX_CONNECTIONS: Most connections at once; further ones get 503. An idle client with a login costs some 1.5 KB beside what the kernel keeps. Default: what descriptors leave beside the program's own, at most 1048576, allowed: 0 to 1000000000. */
  maxConnections?: number;
  /** MAX_UNAUTHENTICATED: Most sessions without a login at once; the oldest goes. Default: a tenth of MAX_CONNECTIONS, at least 1000, allowed: 0 to 1000000000. */
  maxUnauthenticated?: number;
  /** MAX_UNAUTHENTICATED_PER_ADDRESS: The same from one address; further ones get 503. Default: no limit, allowed: 0 to 1000000000. */
  maxUnauthenticatedPerAddress?: number;
  /** MAX_PENDING_LOGINS: Most logins that wait for a middleware of the application that takes its time; further clients are closed. Default: 10000, allowed: 1 to 1000000000. */
  maxPendingLogins?: number;
  /** MAX_CONNECTIONS_PER_USER: Most sockets of one user; the oldest is disconnected. 0: no limit. Default: 500, allowed: 0 to 1000000000. */
  maxConnectionsPerUser?: number;
  /** MAX_HEAD_BYTES: Largest request head. Default: 16384, in bytes, allowed: 1024 to 1048576. */
  maxHeadBytes?: number;
  /** MAX_HEAD_FIELDS: Most fields in a request head. Default: 100, in fields, allowed: 8 to 10000. */
  maxHeadFields?: number;
  /** MAX_NAMESPACES: Most namespaces that one connection joins. Default: 10, allowed: 1 to 1000000000. */
  maxNamespaces?: number;
  /** MAX_EVENT_NAME_BYTES: Longest event name from a client. Default: 256, in bytes, allowed: 16 to 900000000. */
  maxEventNameBytes?: number;
  /** MAX_ATTACHMENTS: Most attachments of an event from a client. Default: 10, allowed: 0 to 1000000000. */
  maxAttachments?: number;
  /** MAX_FRAGMENTS: Most fragments of a WebSocket message. Default: 1024, allowed: 1 to 1000000000. */
  maxFragments?: number;
  /** TOTAL_PARTIAL_BYTES: Most bytes of half-finished requests and messages over all clients, of which those without a login have half; these go first, then the largest. Default: 67108864, in bytes, allowed: MAX_PAYLOAD_BYTES to 1099511627776. */
  totalPartialBytes?: number;
  /** PREAUTH_MESSAGE_BYTES: Largest message before login, and largest connect payload at any time. Default: 16384, in bytes, allowed: 128 to 900000000. */
  preauthMessageBytes?: number;
  /** PREAUTH_HEADS_BYTES: Most bytes kept of the request heads of sessions without a login, of which each thread has its part; the oldest of these sessions goes. Default: 33554432, in bytes, allowed: MAX_HEAD_BYTES to 1099511627776. */
  preauthHeadsBytes?: number;
  /** CLIENT_EVENTS_PER_S: Packets a client may send in a second before it is read more slowly; SEND_QUEUE_BYTES of answers about jobs count as as many. 0: no limit. Default: 200, allowed: 0 to 1000000000. */
  clientEventsPerS?: number;
  /** MAX_PENDING_ACKS: Most acknowledgements waited for from one socket. Default: 1000, allowed: 1 to 1000000000. */
  maxPendingAcks?: number;
  /** SEND_QUEUE_BYTES: Bytes that may wait for one slow client; when as much again has come on top, it is closed. Default: 1048576, in bytes, allowed: 16384 to 1099511627776. */
  sendQueueBytes?: number;
  /** TOTAL_QUEUE_BYTES: Most bytes that wait for all clients together, unread answers included, of which those without a login have half; these go first, then clients of the user for whom most waits. Default: 268435456, in bytes, allowed: MAX_PAYLOAD_BYTES to 1099511627776. */
  totalQueueBytes?: number;
  /** RECOVERY_BYTES_PER_USER: Most bytes kept on one thread for the recovery of one user's sockets; past it the oldest events go. Default: 1048576, in bytes, allowed: 1024 to 1099511627776. */
  recoveryBytesPerUser?: number;
  /** RECOVERY_TOTAL_BYTES: The same of all users, of which each thread has its part. Default: 67108864, in bytes, allowed: RECOVERY_BYTES_PER_USER to 1099511627776. */
  recoveryTotalBytes?: number;
  /** MAILBOX_MESSAGES: Most messages that wait for one shard; past it emits are refused as overloaded. Each costs 40 bytes beside the event, which all that it goes to share. Default: 100000, in messages, allowed: 1 to 1000000000. */
  mailboxMessages?: number;
}
