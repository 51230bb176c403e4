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
  /** Run something before the first start of a term, or at its end. */
  readonly hooks?: HookRules | undefined;
}

/** What runs beside the command's life in a term. */
export type HookName = "on-elected" | "on-resigned";

/** Which hooks there are, and how long they may take. */
export interface HookRules {
  /** Must succeed before the command is started. */
  readonly onElected: boolean;
  /** Undoes what was done for the term, before leadership is given back. */
  readonly onResigned: boolean;
  /** A hook that takes longer has failed. */
  readonly timeout: Milliseconds;
  /** From giving leadership back after a failed `on-elected` to the next campaign; twice as long after each in a row, up to `longest`. */
  readonly pause: Milliseconds;
  readonly longest: Milliseconds;
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

/** Why a term ends. `not-started`: the command could not be started. */
export type Cause = Signal | LostReason | "ended" | "step-down" | "unhealthy" | "bug" | "not-started" | "hook-failed";

/** What follows once leadership is given back; `retry`: rejoin after a pause, for `on-elected` failed so often in a row. */
export type Settled = "rejoin" | { readonly exit: number } | { readonly retry: number };

/** What follows once nothing of the workload is left: `command` exits with the command's own status. */
export type Sequel = Settled | "command" | { readonly restart: Streak };

/** A hook that is to run, and what it is told. */
export interface Hook {
  readonly hook: HookName;
  readonly reason: "elected" | Cause;
  /** How the command has ended, if it has. */
  readonly exit?: Exit;
}

/** Why a term ends, and what follows. */
export interface Ending {
  readonly cause: Cause;
  readonly sequel: Settled;
}

/** When to give up waiting for leadership, and the status that says how far we came. */
export interface GiveUp {
  readonly at: Milliseconds;
  readonly status: number;
}

/** Where a candidate stands. Times are `Clock.now()`. */
export type State =
  /** `failures`: how often in a row `on-elected` has failed, if it has. */
  | { readonly phase: "connecting"; readonly giveUp: GiveUp; readonly failures?: number }
  | { readonly phase: "standby"; readonly giveUp: GiveUp; readonly failures?: number }
  /** `on-elected` runs, or is being ended. */
  | {
      readonly phase: "preparing";
      /** When it is killed; `Infinity` once it is being killed. */
      readonly deadline: Milliseconds;
      readonly failures: number;
      /** Left out while the command is to be started after it. */
      readonly ending?: Ending;
    }
  | { readonly phase: "leading"; readonly run: Run; readonly health?: Health }
  | {
      readonly phase: "stopping";
      /** The newest: a term can be lost while the workload stops for another reason. */
      readonly cause: Cause;
      readonly sequel: Sequel;
      readonly deadline: Milliseconds;
      readonly exit?: Exit;
    }
  | { readonly phase: "killing"; readonly cause: Cause; readonly sequel: Sequel; readonly exit?: Exit }
  /** Leading while nothing runs, until the next start is due. */
  | { readonly phase: "restarting"; readonly due: Milliseconds; readonly streak: Streak }
  /** `on-resigned` runs; when it is killed, or `Infinity` once it is being killed. */
  | { readonly phase: "undoing"; readonly deadline: Milliseconds; readonly ending: Ending }
  | { readonly phase: "resigning"; readonly sequel: Settled }
  /** Out of the queue, so that another host can try first. */
  | { readonly phase: "pausing"; readonly due: Milliseconds; readonly failures: number }
  | { readonly phase: "done"; readonly status: number };

export type Phase = State["phase"];

/** When something happened, and by when the workload must be asked to end and be gone; `Infinity` without a term. By `Clock.now()`. */
export interface Times {
  readonly at: Milliseconds;
  readonly termAt: Milliseconds;
  readonly killAt: Milliseconds;
}

/** Something that happened. */
export type Event = Times &
  /** `hungUp`: the terminal is gone, so it means "stop" whatever the rules say. */
  (
    | { readonly type: "signal"; readonly signal: Signal; readonly hungUp?: boolean }
    | { readonly type: "queued" }
    | { readonly type: "elected" }
    | { readonly type: "campaign-failed"; readonly status: number }
    | { readonly type: "start-failed"; readonly status: number }
    /** The term is over: `killAt` may be sooner than by its renewals. */
    | { readonly type: "lost"; readonly reason: LostReason; readonly killAt: Milliseconds }
    /** The health command that runs beside this very run of the command has ended. */
    | { readonly type: "probed"; readonly healthy: boolean }
    /** Somebody asks us to hand leadership over. */
    | { readonly type: "step-down" }
    /** Time has passed. */
    | { readonly type: "tick" }
    /** The command or the hook itself has ended; others that it started may live on. */
    | { readonly type: "exited"; readonly exit: Exit }
    /** It has ended, and nothing that it started is left. `chance`: from 0 to 1, drawn for the length of a back-off. */
    | { readonly type: "gone"; readonly chance: number }
    /** Key and lease are given back, or nobody could be told within the time for it. */
    | { readonly type: "resigned"; readonly chance: number }
    /** A bug in while-leader. */
    | { readonly type: "fault" }
  );

/** An event nobody has put a time to yet, but for a loss that knows its end. */
export type Happening = Event extends infer E
  ? E extends { readonly type: "lost" }
    ? Omit<E, "at" | "termAt">
    : E extends Event
      ? Omit<E, keyof Times>
      : never
  : never;

/** What the supervisor is to do. Of the command and the hooks one at a time lives: signals and kills are for that. */
export type Effect =
  | { readonly do: "campaign" }
  | { readonly do: "start" }
  /** Start a hook. */
  | ({ readonly do: "hook" } & Hook)
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
  /** `lost`: it may not run, or run on, because the lease may run out. */
  | {
      readonly do: "log";
      readonly event: "hook-failed";
      readonly hook: HookName;
      readonly why: Exit | "not-started" | "timeout" | "lost";
    }
  | { readonly do: "log"; readonly event: "rejoining"; readonly delay?: Milliseconds };

/** The next state, and what is to be done. */
export type Step = readonly [State, ...Effect[]];

/** What follows from each event in one phase. */
export type Row<P extends Phase> = {
  readonly [T in Event["type"]]: (state: Extract<State, { phase: P }>, event: Extract<Event, { type: T }>) => Step;
};
