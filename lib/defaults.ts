import type { Milliseconds } from "./duration.js";
import type { Signal } from "./signals.js";

/** What holds where nobody says otherwise, on the command line and in the library. */
export const DEFAULTS = {
  ttl: 10_000 satisfies Milliseconds,
  /** A fraction: 1 %. Crystals are hundreds of times better; a guest's clock on a busy host is not always. */
  clockDrift: 0.01,
  endpoints: "127.0.0.1:2379",
  dialTimeout: 2_000 satisfies Milliseconds,
  commandTimeout: 5_000 satisfies Milliseconds,
  /** docker stop allows 10 s. */
  killAfter: 8_000 satisfies Milliseconds,
  stopOn: ["SIGTERM", "SIGINT"] satisfies readonly Signal[],
  onLost: "rejoin",
  maxRestarts: 5,
  /** Docker's. */
  healthInterval: 30_000 satisfies Milliseconds,
  healthTimeout: 30_000 satisfies Milliseconds,
  healthRetries: 3,
  /** To move an address or mount a disk takes seconds; whoever hangs for longer keeps everybody from leading. */
  hookTimeout: 10_000 satisfies Milliseconds,
  /** A hand-over takes as long as the command takes to end, and that is `killAfter` at most where nobody says otherwise. */
  handOver: 60_000 satisfies Milliseconds,
} as const;

/** The pauses after a failed `--on-elected`. */
export const HOOK_FAILED = {
  /** The next one in the queue leads within a fraction of it. */
  pause: 1_000 satisfies Milliseconds,
  /** What is wrong can be righted at any time, perhaps with nobody else there to lead. */
  longest: 30_000 satisfies Milliseconds,
} as const;

/** The pauses of `--restart`. */
export const RESTART = {
  /** Whoever fails within it after a start has not got to its work. */
  quick: 10_000 satisfies Milliseconds,
  /** Short for a crash that happens once a day. */
  pause: 100 satisfies Milliseconds,
  /** As long as a quick run can be: a command that fails at its start loses no more time than that. */
  longest: 10_000 satisfies Milliseconds,
} as const;
