import type { Server } from "node:http";
import type { SignalboxOptions } from "./options.js";

export type { SignalboxOptions };

/** What jobs tell their users. Each has more fields where the program gives more. */
export interface JobProgress {
  jobId: string | number;
  progress?: number;
  status?: string;
  [field: string]: unknown;
}
export interface JobCompleted {
  jobId: string | number;
  result?: unknown;
  [field: string]: unknown;
}
export interface JobFailed {
  jobId: string | number;
  error?: unknown;
  [field: string]: unknown;
}

/**
 * The data of each event that the server sends. A program adds its own:
 *
 *     declare module "signalbox" {
 *       interface SignalboxEvents { invoice_paid: { amount: number } }
 *     }
 */
export interface SignalboxEvents {
  job_progress: JobProgress;
  job_completed: JobCompleted;
  job_failed: JobFailed;
}
type DataOf<Event extends string> = Event extends keyof SignalboxEvents ? SignalboxEvents[Event] : unknown;
type EventName = keyof SignalboxEvents | (string & {});

/** A user's id: an integer counts as its digits. */
export type UserId = string | number | bigint;

export declare const WS_EVENTS: {
  readonly AUTHENTICATED: "authenticated";
  readonly UNAUTHORIZED: "unauthorized";
  readonly USER_ONLINE: "user_online";
  readonly USER_OFFLINE: "user_offline";
  readonly JOB_PROGRESS: "job_progress";
  readonly JOB_COMPLETED: "job_completed";
  readonly JOB_FAILED: "job_failed";
  readonly TOKEN_EXPIRING: "token_expiring";
  readonly AUTHENTICATE: "authenticate";
};

export type EmitErrorCode =
  | "overloaded"
  | "stopped"
  | "invalid_json"
  | "too_large"
  | "invalid_event"
  | "reserved_event"
  | "invalid_user"
  | "too_many_unread"
  | "not_durable"
  | "invalid_job"
  | "unread_full"
  | "store_full"
  | "unauthorized"
  | "refused";

/** Why an event was not taken: nothing of it was sent. */
export declare class EmitError extends Error {
  readonly code: EmitErrorCode;
  constructor(code: EmitErrorCode, message?: string);
}

/**
 * What an emit gives. Who awaits it hears when an outcome (job_completed, job_failed) is on the disk, and of other events
 * when they are queued; it rejects with an EmitError. Who does not await it hears of no rejection: the log does.
 */
export interface Emission extends PromiseLike<{ sockets: number }> {
  /** For how many sockets it was queued; in a worker's process 1 if the user is online, else 0. */
  readonly sockets: number;
  catch<Result>(rejected: (error: EmitError) => Result | PromiseLike<Result>): Promise<{ sockets: number } | Result>;
  finally(ended: () => void): Promise<{ sockets: number }>;
}

/** Who a socket's user is: the token's claims, or what a middleware has set. */
export interface SocketUser {
  id?: UserId;
  email?: string;
  [claim: string]: any;
}

export interface Handshake {
  headers: Record<string, string | string[] | undefined>;
  query: Record<string, string | string[] | undefined>;
  auth: Record<string, any>;
  time: string;
  address: string;
  url: string;
  xdomain: boolean;
  secure: boolean;
  issued: number;
}

type Listener = (...args: any[]) => unknown;

/** One client. */
export interface Socket {
  readonly id: string;
  readonly handshake: Handshake;
  readonly connected: boolean;
  readonly disconnected: boolean;
  /** Did its client come back within RECOVERY_WINDOW_MS? */
  readonly recovered: boolean;
  user: SocketUser;
  /** For the program's own use. */
  data: any;
  on(event: "disconnect" | "disconnecting", listener: (reason: string) => unknown): this;
  on(event: string, listener: Listener): this;
  once(event: string, listener: Listener): this;
  off(event: string, listener: Listener): this;
  /** Sends to this client alone. A last argument that is a function gets the client's acknowledgement. */
  emit(event: string, ...args: any[]): boolean;
  /** The same, as a promise of what the client acknowledges (ACK_TIMEOUT_MS). */
  emitWithAck(event: string, ...args: any[]): Promise<any>;
  timeout(milliseconds: number): {
    emit(event: string, ...args: any[]): void;
    emitWithAck(event: string, ...args: any[]): Promise<any>;
  };
  disconnect(close?: boolean): this;
}

/** One client as fetchSockets() finds it. */
export interface FoundSocket {
  readonly id: string;
  readonly user: SocketUser;
  readonly data: any;
  emit(event: string, ...args: any[]): boolean;
  disconnect(close?: boolean): this;
}

type Next = (error?: Error & { data?: unknown }) => void;

/** The engine, or in a worker's process the way to it: then only what concerns users is there. */
export interface Io {
  on(event: "connection" | "connect", handler: (socket: Socket) => unknown): this;
  /** The client is let in by next(); by an async function of one parameter when its promise is resolved. */
  use(middleware: (socket: Socket, next: Next) => unknown): this;
  /** Tells everybody who is connected. */
  emit(event: string, data?: unknown): boolean;
  emitToUser<Event extends EventName>(userId: UserId, event: Event, data: DataOf<Event>): Emission;
  to(room: `user:${string}`): { emit<Event extends EventName>(event: Event, data: DataOf<Event>): Emission };
  in(room: `user:${string}`): { emit<Event extends EventName>(event: Event, data: DataOf<Event>): Emission };
  fetchSockets(): Promise<FoundSocket[]>;
  readonly engine: { readonly clientsCount: number };
  /** Emits that were refused since the start, at once or later, by the disk or the server. */
  readonly refused: number;
  isUserOnline(userId: UserId): boolean;
  getOnlineUsers(): string[];
  getOnlineUsersCount(): number;
  close(): Promise<void>;
}

/** Options of initialize(): the settings of docs/configuration.md, and these. */
export interface InitializeOptions extends SignalboxOptions {
  /** false: no token is looked at; a middleware (io.use) sets socket.user = { id, … }, or the client is refused. */
  jwt?: boolean;
  /** With a server: the path before the workers' interface, such as "/signalbox"; without it there is none. */
  apiPath?: string;
}

/** An http.Server, https.Server or whatever else is one; an application is none. */
interface AnyServer {
  listen(...args: any[]): unknown;
  address(): unknown;
  on(event: string, listener: (...args: any[]) => void): unknown;
}

/** The original's WebSocketService. */
export interface WebSocketService {
  /** Starts the engine on the port of a server of the program's, or on one of its own. Throws at once if it cannot. */
  initialize(server: Server | AnyServer, options?: Omit<InitializeOptions, "port" | "host">): this;
  initialize(port: number, options?: InitializeOptions): this;
  initialize(options?: InitializeOptions): this;
  init: WebSocketService["initialize"];
  attach: WebSocketService["initialize"];
  /** The running engine; in a process without one the server that SIGNALBOX_URL names. */
  getIO(): Io;
  /** For a worker's process: the server that its events go to. */
  connect(server: { url: string; apiKey: string }): this;
  /** Hears what clients send. A last argument that is a function answers the client. */
  on(event: string, handler: (socket: Socket, ...args: any[]) => unknown): this;
  /** Resolves when all that a worker emitted is settled. */
  flush(): Promise<void>;
  /** Lets clients go in good order and ends; then initialize() works again. In a worker's process it sends what waits, for
      ten seconds at most, and lets go of the server. */
  close(): Promise<void>;
}

export declare const wsUtils: {
  emitToUser<Event extends EventName>(io: Io, userId: UserId, event: Event, data: DataOf<Event>): Emission;
  isUserOnline(userId: UserId): boolean;
  getOnlineUsers(): string[];
  getOnlineUsersCount(): number;
};

declare const websocketService: WebSocketService;
export default websocketService;
