import type { Moment } from "../clock.js";
import type { Endpoint } from "../endpoints.js";
import type { LogOptions } from "../log.js";

/** What a guard knows. It is told in parts, one JSON object a line; a part replaces what was known of it. */
export interface Charge {
  /** The process id of the while-leader that it guards. */
  readonly wrapper: number;
  readonly log: LogOptions;
  /** Where and as whom to revoke leases; left out without an election. */
  readonly etcd?: Access | undefined;
  /** Ids of leases that etcd may know, decimal; the newest is the last. */
  readonly leases: readonly string[];
  /** When to kill the workload unless there is news; null for never. */
  readonly killAt: Moment | null;
  /** What to kill; null while nothing runs. */
  readonly workload: Ward | null;
}

/** Files' contents and passwords: only ever sent over the pipe. */
export interface Access {
  readonly endpoints: readonly Endpoint[];
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly user?: { readonly name: string; readonly password: string };
}

/** How a workload is told from all others. */
export interface Ward {
  readonly marker: string;
  /** Children of the wrapper that do not belong to the workload: those that it had before. Null if no orphan falls to it. */
  readonly strangers: readonly number[] | null;
  /** The command's process id; left out while it is being started. */
  readonly root?: number;
  readonly ownGroup?: boolean;
}

/** What a guard says, one word a line. */
export type Word =
  /** It is there, or has heard what it was told. */
  | "heard"
  /** It is about to kill the workload, because KILL_AT has passed. */
  | "fired";
