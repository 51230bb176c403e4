import type { Signal } from "../../lib/signals.js";
import type { Effect, Event, HealthRules, HookRules, Phase, RestartRules } from "../../lib/states.js";
import type { Rules, State, Step, Streak } from "../../lib/states.js";

/** What one cell of the table must make of one situation. */
export interface Example {
  /** Only for cells that branch: which branch this is. */
  readonly when?: string;
  readonly rules?: Partial<Rules>;
  readonly state: State;
  readonly event: Event;
  readonly step: Step;
}

/** A full row: TypeScript demands an entry for every event type. */
export type Row = { readonly [T in Event["type"]]: readonly Example[] };
export type Cells = { readonly [P in Phase]: Row };

/** Every example happens at this moment; the term's times and the deadlines of the examples lie around it. */
export const NOW = 1_000;
export const KILL_AFTER = 8_000;

export const RULES: Rules = {
  stopOn: new Set<Signal>(["SIGTERM", "SIGINT"]),
  killAfter: KILL_AFTER,
  onLost: "rejoin",
};

/** Rules that start the command again: 5 quick failures in a row are borne. */
export const RESTART: RestartRules = { when: "on-failure", most: 5, quick: 10_000, pause: 100, longest: 10_000 };

type Leading = Extract<State, { phase: "leading" }>;
/** The first run of a term, where nothing is started again. */
export const leading = (change: Partial<Leading["run"]> = {}): Leading => ({
  phase: "leading",
  run: { quickUntil: -Infinity, streak: { restarts: 0, failures: 0 }, ...change },
});

/** Docker's defaults. */
export const HEALTH: HealthRules = { interval: 30_000, timeout: 30_000, retries: 3, startPeriod: 0 };

/** Both hooks. */
export const HOOKS: HookRules = { onElected: true, onResigned: true, timeout: 10_000, pause: 1_000, longest: 30_000 };

export const streak = (restarts: number, failures: number): Streak => ({ restarts, failures });

type Restarting = Extract<State, { phase: "restarting" }>;
/** The next start is still to come. */
export const restarting = (change: Partial<Restarting> = {}): Restarting => ({
  phase: "restarting",
  due: NOW + 100,
  streak: streak(1, 1),
  ...change,
});

export const RESIGN: Effect = { do: "resign" };
export const TERMINATE: Effect = { do: "terminate" };
export const KILL: readonly Effect[] = [{ do: "kill" }];

export const forward = (signal: Signal): Effect => ({ do: "forward", signal });
export const stop = (signal: Signal): Effect => ({ do: "stop", signal });
export const toNobody = (signal: Signal): Effect => ({ do: "log", event: "signal", signal, to: "nobody" });
export const lost = (reason: "expired" | "lease-gone" | "key-gone"): Effect => ({ do: "log", event: "lost", reason });

export const resigning = (status: number): State => ({ phase: "resigning", sequel: { exit: status } });
export const RESIGNING_TO_REJOIN: State = { phase: "resigning", sequel: "rejoin" };

type Stopping = Extract<State, { phase: "stopping" }>;
/** Stopping on SIGTERM, halfway to the deadline. */
export const stopping = (change: Partial<Stopping> = {}): Stopping => ({
  phase: "stopping",
  cause: "SIGTERM",
  sequel: "command",
  deadline: NOW + KILL_AFTER / 2,
  ...change,
});

type Killing = Extract<State, { phase: "killing" }>;
export const killing = (change: Partial<Killing> = {}): Killing => ({
  phase: "killing",
  cause: "SIGTERM",
  sequel: "command",
  ...change,
});

/** In the middle of a term. */
const TIMES = { at: NOW, termAt: NOW + 1, killAt: NOW + 2 };

export const signal = (name: Signal): Event => ({ ...TIMES, type: "signal", signal: name });
export const HANG_UP: Event = { ...TIMES, type: "signal", signal: "SIGHUP", hungUp: true };
export const tick = (termAt: number, killAt: number): Event => ({ type: "tick", at: NOW, termAt, killAt });
export const exited = (code: number): Event => ({ ...TIMES, type: "exited", exit: { code } });
export const elected = (termAt: number): Event => ({ ...TIMES, type: "elected", termAt });
export const gone = (chance: number): Event => ({ ...TIMES, type: "gone", chance });
export const resigned = (chance: number): Event => ({ ...TIMES, type: "resigned", chance });
export const loss = (reason: "expired" | "lease-gone" | "key-gone", killAt: number): Event => ({
  ...TIMES,
  type: "lost",
  reason,
  killAt,
});

export const QUEUED: Event = { ...TIMES, type: "queued" };
export const ELECTED: Event = elected(NOW + 1);
export const CAMPAIGN_FAILED: Event = { ...TIMES, type: "campaign-failed", status: 77 };
export const START_FAILED: Event = { ...TIMES, type: "start-failed", status: 127 };
export const LOST: Event = loss("key-gone", NOW);
export const probed = (healthy: boolean): Event => ({ ...TIMES, type: "probed", healthy });
export const STEP_DOWN: Event = { ...TIMES, type: "step-down" };
/** With every time of the term in the past: the tick that has most reason to do something. */
export const TICK: Event = tick(NOW - 2, NOW - 1);
export const EXITED: Event = exited(0);
export const GONE: Event = gone(1);
export const RESIGNED: Event = resigned(1);
export const FAULT: Event = { ...TIMES, type: "fault" };

/** The cell says "nothing happens": the very same state, and no effects. */
export const ignored = (state: State, event: Event): readonly Example[] => [{ state, event, step: [state] }];
