import type { ReactElement, ReactNode } from "react";
import type { Job, ListedJob, Signalbox } from "./client.js";

export type { Job, ListedJob, Signalbox } from "./client.js";

export declare function SignalboxProvider(props: { client: Signalbox; children?: ReactNode }): ReactElement;

/** The provider's client. */
export declare function useSignalbox(): Signalbox;

/** One job of the user. It renders when that job changes. Without an id the job is pending. */
export declare function useJob<Result = any, Failure = any>(jobId: string | number | null | undefined): Job<Result, Failure>;

/** All jobs of the user. The object of a job is the same as long as that job has not changed. */
export declare function useJobs(): readonly ListedJob[];

/** The ids of those who are online. */
export declare function usePresence(): readonly string[];

export declare function useOnline(userId: string | number): boolean;

/** Is the user logged in at this moment? */
export declare function useConnected(): boolean;

/**
 * The hook of the original. Below a provider it uses that connection, and the token is not needed; without one all
 * components share one connection to the page's origin, and it begins when there is a token.
 */
export declare function useJobProgress<Result = any, Failure = any>(
  jobId: string | number | null | undefined,
  token?: string | null,
): Job<Result, Failure>;
