import type { Exit } from "../../lib/exit-status.js";
import { exitStatus } from "../../lib/exit-status.js";
import type { Effect, Event, Happening, HookName, Rules, State, Times } from "../../lib/states.js";
import type { Memory } from "./promises.js";
import { NOTHING_YET } from "./promises.js";
import type { Verdict } from "./verdict.js";
import { failuresAfter, illAfter } from "./verdict.js";

/** TERM_AT and KILL_AT as they stand at the moment. */
export type Validity = Omit<Times, "at">;

/** The lifecycle's state, the world around it, and what the promises remember of the history. */
export interface Situation {
  readonly state: State;
  readonly now: number;
  /** Our place in the election: `over` once won, refused or given back. */
  readonly candidacy: "connecting" | "queued" | "over";
  readonly term: Validity | undefined;
  /** The election has said that the term is over; it says so once. */
  readonly saidLost: boolean;
  /** `started` even if it is about to fail; `ended` when others of the workload may live on. */
  readonly command: "none" | "started" | "ended";
  /** It is not the command that this tells of, but a hook, which may take until then. */
  readonly hook: HookName | undefined;
  readonly hookUntil: number;
  /** What has become of this term's `on-elected`. */
  readonly prepared: "not yet" | "well" | "failed";
  /** Others are to go first until then. */
  readonly restUntil: number;
  readonly exit: Exit | undefined;
  readonly killed: boolean;
  /** The health command runs, or has ended and we have not heard of it yet. */
  readonly probing: boolean;
  /** Looks at its health that failed in a row; those before this moment do not count. */
  readonly ill: number;
  readonly lenientUntil: number;
  /** Until then the end of this run would be a quick one; of the quick ends, the newest failures in a row. */
  readonly quickUntil: number;
  readonly failures: number;
  /** etcd is being told. */
  readonly resigning: boolean;
  /** etcd has answered once in this life. */
  readonly reached: boolean;
  readonly giveUpAt: number;
  /** The entry of the log that says why the term ended. */
  readonly reason: string | undefined;
  /** The log has said "lost, expired" of this term. */
  readonly saidExpired: boolean;
  readonly memory: Memory;
  readonly verdict: Verdict;
}

/** Time passes, renewals may get through, and perhaps the lifecycle hears of something. */
export interface Move {
  readonly name: string;
  readonly now: number;
  readonly term: Validity | undefined;
  readonly event?: Happening;
  /** It is likely to be the beginning of the end; long histories need others. */
  readonly final?: true;
}

/** A candidate that has just begun its first campaign. */
export function newborn(state: State, rules: Rules): Situation {
  return { ...candidate(state, 0, rules), reached: false, memory: NOTHING_YET };
}

function candidate(state: State, now: number, { wait = Infinity }: Rules): Omit<Situation, "reached" | "memory"> {
  return {
    state,
    now,
    candidacy: "connecting",
    term: undefined,
    saidLost: false,
    command: "none",
    hook: undefined,
    hookUntil: Infinity,
    prepared: "not yet",
    restUntil: -Infinity,
    exit: undefined,
    killed: false,
    probing: false,
    ill: 0,
    lenientUntil: -Infinity,
    quickUntil: -Infinity,
    failures: 0,
    resigning: false,
    giveUpAt: now + wait,
    reason: undefined,
    saidExpired: false,
    verdict: "open",
  };
}

/** What an event tells of the world. */
export function hear(rules: Rules, world: Situation, event: Event): Situation {
  switch (event.type) {
    case "queued":
      return { ...world, candidacy: "queued", reached: true };
    case "elected":
      return { ...world, candidacy: "over", reached: true, giveUpAt: Infinity };
    case "campaign-failed":
      return { ...world, candidacy: "over" };
    case "lost":
      return { ...world, saidLost: true };
    case "exited":
      if (world.hook) return { ...world, command: "ended", ...(isSuccess(world, event) && { prepared: "well" }) };
      return {
        ...world,
        command: "ended",
        exit: event.exit,
        failures: Number(failuresAfter(rules, world, event)) || 0,
      };
    case "start-failed":
    case "gone":
      return { ...world, ...NOTHING };
    case "resigned":
      return { ...world, candidacy: "over", term: undefined, resigning: false };
    case "probed":
      return event.healthy
        ? { ...world, probing: false, ill: 0, lenientUntil: -Infinity }
        : { ...world, probing: false, ill: illAfter(world, event.at) };
    case "signal":
    case "step-down":
    case "tick":
    case "fault":
      break;
  }
  return world;
}

const NOTHING = { command: "none", hook: undefined, hookUntil: Infinity } as const;

/** A hook that had to be killed has failed, however it has ended. */
function isSuccess({ hook, killed }: Situation, { exit }: Extract<Event, { type: "exited" }>): boolean {
  return hook === "on-elected" && !killed && exitStatus(exit) === 0;
}

/** What an effect does to the world, or the promise it breaks. */
export function perform(rules: Rules, world: Situation, effect: Effect): Situation | string {
  const gone = world.command === "none";
  switch (effect.do) {
    case "start":
      if (!gone) return "two workloads at once";
      if (world.verdict !== "open") return "the command is started though the term is to end";
      if (world.term === undefined) return "the command is started without a term";
      if (rules.hooks?.onElected && world.prepared !== "well") return "the command is started without on-elected";
      return {
        ...world,
        command: "started",
        killed: false,
        probing: false,
        ill: 0,
        lenientUntil: world.now + (rules.health?.startPeriod ?? -Infinity),
        quickUntil: world.now + (rules.restart?.quick ?? -Infinity),
      };
    case "hook": {
      if (!gone) return "a hook is started beside something that lives";
      if (world.term === undefined) return "a hook is started without a term";
      if ((effect.hook === "on-elected") !== (world.verdict === "open")) return "the wrong hook";
      const hookUntil = world.now + (rules.hooks?.timeout ?? NaN);
      return { ...world, command: "started", hook: effect.hook, hookUntil, killed: false };
    }
    case "forward":
    case "stop":
    case "terminate":
      return gone ? "a signal is sent though nothing of the workload is left" : world;
    case "probe":
      if (world.probing) return "two health commands at once";
      return world.command === "started" ? { ...world, probing: true } : "a health command without a command";
    case "end-probe":
      return world.probing ? world : "a health command is killed that does not run";
    case "kill":
      return gone ? "killed though nothing of the workload is left" : { ...world, killed: true };
    case "resign":
      return gone ? { ...world, resigning: true } : "leadership is resigned while the workload lives";
    case "campaign": {
      const { state, now, reached, memory, verdict } = world;
      if (verdict !== "rejoin") return `rejoined in place of ${verdict}`;
      if (now < world.restUntil) return "a campaign before others could go first";
      return { ...candidate(state, now, rules), reached, memory };
    }
    case "log":
      break;
  }
  if (effect.event === "hook-failed" && effect.hook === "on-elected") return { ...world, prepared: "failed" };
  if (effect.event === "rejoining" && world.prepared === "failed")
    return { ...world, restUntil: world.now + (rules.hooks?.pause ?? NaN) };
  if (effect.event !== "lost" || effect.reason !== "expired") return world;
  return world.saidExpired ? "the same loss is reported twice" : { ...world, saidExpired: true };
}

/** The same for two situations that differ only in when the clock was set to zero. */
export function keyOf(situation: Situation): string {
  const { now, state, term, giveUpAt, quickUntil, lenientUntil, hookUntil, restUntil, ...others } = situation;
  const times = [
    hookUntil - now,
    Math.max(restUntil - now, 0),
    term && [term.termAt - now, term.killAt - now],
    giveUpAt - now,
    Math.max(quickUntil - now, 0),
    Math.max(lenientUntil - now, 0),
  ];
  return JSON.stringify([told(state, now), ...times, others]);
}

/** What a state says of times from now on: of those that only divide what comes from what was, the past is all one. */
export function told(state: State, now: number): State {
  const from = shifted(state, -now);
  if (from.phase === "leading") {
    const { run, health } = from;
    const past = (at: number): number => Math.max(at, 0);
    return {
      ...from,
      run: { ...run, quickUntil: past(run.quickUntil) },
      ...(health && { health: { ...health, due: past(health.due), lenientUntil: past(health.lenientUntil) } }),
    };
  }
  return from.phase === "restarting" || from.phase === "pausing" ? { ...from, due: Math.max(from.due, 0) } : from;
}

const TIMES: ReadonlySet<string> = new Set([
  "now",
  "at",
  "deadline",
  "termAt",
  "killAt",
  "giveUpAt",
  "due",
  "quickUntil",
  "lenientUntil",
]);

/** The same thing at another time. */
export function shifted<T>(thing: T, by: number): T {
  if (Array.isArray(thing)) return thing.map((part: unknown) => shifted(part, by)) as T;
  if (typeof thing !== "object" || thing === null) return thing;
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(thing))
    copy[name] = typeof value === "number" && TIMES.has(name) ? value + by : shifted<unknown>(value, by);
  return copy as T;
}
