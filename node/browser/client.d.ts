import type { ManagerOptions, Socket, SocketOptions } from "socket.io-client";

/** What is known of a job. */
export interface Job<Result = any, Failure = any> {
  /** 0 to 100, as the worker says it; 100 when it is completed. */
  readonly progress: number;
  /** "pending", then what the worker says, at last "completed" or "failed". */
  readonly status: string;
  /** Of a completed job, else null. */
  readonly result: Result | null;
  /** Of a failed job, else null. */
  readonly error: Failure | null;
}

export interface ListedJob<Result = any, Failure = any> extends Job<Result, Failure> {
  readonly jobId: string;
}

/** A value that changes, in the form that React's `useSyncExternalStore` takes. */
export interface Store<Value> {
  /** The same object as long as nothing has changed. */
  readonly get: () => Value;
  /** What it is before anything is known, and on a server. */
  readonly initial: Value;
  /** Opens the connection, if it is not open. The function that it returns ends it. */
  readonly subscribe: (listener: () => void) => () => void;
}

export interface SignalboxSettings extends Partial<Omit<ManagerOptions & SocketOptions, "auth" | "autoConnect">> {
  /** The server's address. Without one, the page's own origin. */
  url?: string;
  /** Is called at each login, and shortly before the token ends. */
  getToken: () => string | Promise<string>;
}

export interface Signalbox {
  job<Result = any, Failure = any>(jobId: string | number): Store<Job<Result, Failure>>;
  /** All jobs of the user that the server keeps, and those heard of since. */
  readonly jobs: Store<readonly ListedJob[]>;
  /** The ids of those who are online; empty where the server has PRESENCE_EVENTS=off. */
  readonly presence: Store<readonly string[]>;
  online(userId: string | number): Store<boolean>;
  /** Is the user logged in at this moment? */
  readonly connected: Store<boolean>;
  /** For the events of your own. It connects when something is subscribed to, or held. */
  readonly socket: Socket;
  /** Opens the connection and keeps it until the function that it returns is called. */
  hold(): () => void;
  /**
   * Call it when `getToken` has another token now, also when that is another user's. While nothing is subscribed to or held
   * it also forgets what was known.
   */
  renew(): Promise<void>;
}

/** One for a page. It connects when something of it is used. */
export declare function createSignalbox(settings: SignalboxSettings): Signalbox;
