import type { Milliseconds } from "./duration.js";
import type { LostReason } from "./election.js";
import type { Exit } from "./exit-status.js";
import type { Signal } from "./signals.js";

/** What the user decided about the life of a candidate. */
export interface Rules {
  /** Signals to us that mean "stop". */
  readonly stopOn: ReadonlySet<Signal>;
  /** What the workload is sent in place of the stop signal. */
  readonly stopWith?: Signal | undefined;
  /** From the stop signal to SIGKILL. */
  readonly killAfter: Milliseconds;
  readonly onLost: "rejoin" | "exit";
  /** Give up when not elected within it. */
  readonly wait?: Milliseconds | undefined;
  /** Start a command that ended by itself again in the same term; left out, its end is the term's. */
  readonly restart?: RestartRules | undefined;
  /** Look after the command's health; left out, it counts as healthy. */
  readonly health?: HealthRules | undefined;
}

/** How the command's health is looked after: as Docker's HEALTHCHECK. */
export interface HealthRules {
  readonly interval: Milliseconds;
  /** A look that takes longer has failed. */
  readonly timeout: Milliseconds;
  /** So many failures in a row are an unhealthy command. */
  readonly retries: number;
  /** From the start; failures do not count within it. */
  readonly startPeriod: Milliseconds;
}

/** What is known of the health of a running command. */
export interface Health {
  /** When the next look begins, or the present one has taken too long. */
  readonly due: Milliseconds;
  readonly probing: boolean;
  /** In a row. */
  readonly failures: number;
  readonly lenientUntil: Milliseconds;
}

/** Which ends of the command are followed by another start. */
export interface RestartRules {
  readonly when: "on-failure" | "always";
  /** So many restarts in a row may fail quickly; the next such failure gives the term up. */
  readonly most: number;
  /** A run is quick if it is shorter than this. */
  readonly quick: Milliseconds;
  /** From the end of all that the command left to the next start; twice as long after each quick run in a row, up to `longest`. */
  readonly pause: Milliseconds;
  readonly longest: Milliseconds;
}

/** Restarts of the command since it last ran for longer than a moment. */
export interface Streak {
  readonly restarts: number;
  /** How many of the newest ends were quick failures. */
  readonly failures: number;
}

/** One run of the command: until when its end counts as quick, and what went before. */
export interface Run {
  readonly quickUntil: Milliseconds;
  readonly streak: Streak;
}

/** Why the workload is being stopped. */
export type Cause = Signal | LostReason | "ended" | "step-down" | "unhealthy" | "bug";

/** What follows once nothing of the workload is left: `command` exits with the command's own status. */
export type Sequel = "rejoin" | "command" | { readonly exit: number } | { readonly restart: Streak };

/** What follows once leadership is given back. */
export type Settled = "rejoin" | { readonly exit: number };

/** When to give up waiting for leadership, and the status that says how far we came. */
export interface GiveUp {
  readonly at: Milliseconds;
  readonly status: number;
}

/** Where a candidate stands. Times are `Clock.now()`. */
export type State =
  | { readonly phase: "connecting"; readonly giveUp: GiveUp }
  | { readonly phase: "standby"; readonly giveUp: GiveUp }
  | { readonly phase: "leading"; readonly run: Run; readonly health?: Health }
  | {
      readonly phase: "stopping";
      /** The newest: a term can be lost while the workload stops for another reason. */
      readonly cause: Cause;
      readonly sequel: Sequel;
      readonly deadline: Milliseconds;
      readonly exit?: Exit;
    }
  | { readonly phase: "killing"; readonly sequel: Sequel; readonly exit?: Exit }
  /** Leading while nothing runs, until the next start is due. */
  | { readonly phase: "restarting"; readonly due: Milliseconds; readonly streak: Streak }
  | { readonly phase: "resigning"; readonly sequel: Settled }
  | { readonly phase: "done"; readonly status: number };

export type Phase = State["phase"];

/** Something that happened, at `Clock.now()`. */
export type Event = { readonly at: Milliseconds } &
  /** `hungUp`: the terminal is gone, so it means "stop" whatever the rules say. */
  (
    | { readonly type: "signal"; readonly signal: Signal; readonly hungUp?: boolean }
    | { readonly type: "queued" }
    | { readonly type: "elected"; readonly termAt: Milliseconds }
    | { readonly type: "campaign-failed"; readonly status: number }
    | { readonly type: "start-failed"; readonly status: number }
    /** The term is over: `killAt` is by when nothing of the workload may be left. */
    | { readonly type: "lost"; readonly reason: LostReason; readonly killAt: Milliseconds }
    /** The health command that runs beside this very run of the command has ended. */
    | { readonly type: "probed"; readonly healthy: boolean }
    /** Somebody asks us to hand leadership over. */
    | { readonly type: "step-down" }
    /** Time has passed. `termAt` and `killAt` are the term's present ones. */
    | { readonly type: "tick"; readonly termAt: Milliseconds; readonly killAt: Milliseconds }
    /** The command itself has ended; others of the workload may live on. */
    | { readonly type: "exited"; readonly exit: Exit }
    /** The command has ended and no process of the workload is left. `chance`: from 0 to 1, drawn for the length of a back-off. */
    | { readonly type: "gone"; readonly chance: number }
    /** Key and lease are given back, or nobody could be told within the time for it. */
    | { readonly type: "resigned" }
    /** A bug in while-leader. */
    | { readonly type: "fault" }
  );

/** An event nobody has put a time to yet. */
export type Happening = Event extends infer E ? (E extends Event ? Omit<E, "at"> : never) : never;

/** What the supervisor is to do. */
export type Effect =
  | { readonly do: "campaign" }
  | { readonly do: "start" }
  /** Send to the command. */
  | { readonly do: "forward"; readonly signal: Signal }
  /** Ask the command to end, also one that is stopped. */
  | { readonly do: "stop"; readonly signal: Signal }
  /** SIGTERM to what the command left behind. */
  | { readonly do: "terminate" }
  /** SIGKILL to every process of the workload, until none is left. */
  | { readonly do: "kill" }
  /** Start the health command. */
  | { readonly do: "probe" }
  /** SIGKILL to the health command that runs. */
  | { readonly do: "end-probe" }
  /** Give key and lease back. */
  | { readonly do: "resign" }
  | { readonly do: "log"; readonly event: "signal"; readonly signal: Signal; readonly to: "nobody" }
  /** Not elected in time; `reached`: etcd was there, but somebody else led. */
  | { readonly do: "log"; readonly event: "gave-up"; readonly reached: boolean }
  | { readonly do: "log"; readonly event: "exited"; readonly exit: Exit }
  | { readonly do: "log"; readonly event: "lost"; readonly reason: LostReason }
  | { readonly do: "log"; readonly event: "stopping"; readonly cause: Cause; readonly deadline: Milliseconds }
  | { readonly do: "log"; readonly event: "unhealthy"; readonly failures: number }
  | { readonly do: "log"; readonly event: "restarting"; readonly attempt: number; readonly delay: Milliseconds }
  /** The command failed quickly so many times in a row that another host is to try. */
  | { readonly do: "log"; readonly event: "crash-loop"; readonly failures: number }
  | { readonly do: "log"; readonly event: "rejoining" };
