import type { Milliseconds } from "../duration.js";
import type { Credentials } from "../endpoints.js";
import type { Log } from "../log.js";
import type { Signal } from "../signals.js";

/** Where etcd is and who we are there. Durations are milliseconds; what is left out is as on the command line. */
export interface EtcdSettings extends Credentials {
  /** As `--endpoints`: comma-separated. */
  readonly endpoints?: string;
  readonly dialTimeout?: Milliseconds;
  readonly commandTimeout?: Milliseconds;
}

/** A lease's times, in milliseconds; `clockDrift` is a fraction. */
export interface LeaseSettings {
  readonly ttl?: Milliseconds;
  readonly lostGrace?: Milliseconds;
  readonly killMargin?: Milliseconds;
  readonly clockDrift?: number;
}

/** What to stand for, and as whom. */
export interface CandidacySettings extends LeaseSettings {
  /** The key prefix, as in `etcdctl elect NAME`. */
  readonly name: string;
  /** The value of our key. Default: the host name. */
  readonly identity?: string;
  /** Fail at once if somebody else leads. */
  readonly once?: boolean;
}

/** The election to take part in. */
export interface ElectionSettings extends EtcdSettings, CandidacySettings {}

/** Looks after the command's health, as Docker's HEALTHCHECK; durations are milliseconds, with the defaults of the command line. */
export interface HealthSettings {
  /** For the shell, run again and again; a command that it finds unhealthy is stopped, and another host leads. */
  readonly command: string;
  /** From the start to the first look, and from the end of each look to the next. */
  readonly interval?: Milliseconds;
  /** A look that takes longer has failed. */
  readonly timeout?: Milliseconds;
  /** Failed looks in a row that make the command unhealthy. */
  readonly retries?: number;
  /** From the start; looks that fail before the first good one do not count within it. */
  readonly startPeriod?: Milliseconds;
}

/** What runs before and after the command in a term; each for the shell. */
export interface HookSettings {
  /** Before the command is first started; if it fails, another host leads. */
  readonly onElected?: string;
  /** When nothing of the command is left, before leadership is given back. */
  readonly onResigned?: string;
  /** In milliseconds; a hook that takes longer is killed, and has failed. */
  readonly timeout?: Milliseconds;
}

/** What to run, and under which rules. */
export interface SuperviseSettings {
  readonly command: readonly [string, ...string[]];
  /** Left out, the command runs at once and without etcd. */
  readonly election?: ElectionSettings;
  /** The command's environment, to which ours is added. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** From the stop signal to SIGKILL. */
  readonly killAfter?: Milliseconds;
  /** What the command is sent to stop. Default: SIGTERM. */
  readonly stopWith?: Signal;
  /** Send it to the command's whole process group. */
  readonly group?: boolean;
  readonly onLost?: "rejoin" | "exit";
  /** Give up with status 75 (69 if etcd was never reached) when not elected within it. */
  readonly wait?: Milliseconds;
  /** Start a command that ended by itself again, in the same term. Default: `no`. */
  readonly restart?: "no" | "on-failure" | "always";
  /** Restarts in a row that may fail within 10 s before leadership is given back. */
  readonly maxRestarts?: number;
  /** Left out, the command counts as healthy. */
  readonly health?: HealthSettings;
  /** Need an election. */
  readonly hooks?: HookSettings;
  /** Have another process end the command if this one is killed or stuck. Default: with an election. */
  readonly guard?: boolean;
  /** Stops the command as SIGTERM stops `while-leader`. */
  readonly signal?: AbortSignal;
  /** Default: silence. */
  readonly log?: Log;
}
