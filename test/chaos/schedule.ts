import { GUARD_FAULTS, MENU, WRAPPER_FAULTS, type Dish, type FaultKind } from "./menu.js";
import { random, type Random } from "./random.js";

/** What a candidate's command does besides beating. */
export type WorkloadKind = "plain" | "stubborn" | "daemon" | "bare-daemon" | "crashing" | "leaving";

/** A fault as it was drawn: whom exactly it befalls is found when it begins. */
export interface Fault {
  /** Milliseconds after the first leader's first beat. */
  readonly at: number;
  readonly kind: FaultKind;
  readonly target: string;
  /** Milliseconds; 0 for what is not undone. */
  readonly lasts: number;
  /** Milliseconds of delay or between flaps, number of busy processes; 0 where there is no such thing. */
  readonly amount: number;
  /** From 0 to below 1: which one, where several come into question. */
  readonly lot: number;
}

/** A candidate as it was drawn. */
export interface CandidatePlan {
  readonly name: string;
  readonly workload: WorkloadKind;
  /** Its wall clock jumps by days before every reading. */
  readonly jumps: boolean;
}

/** All that follows from a seed. */
export interface Schedule {
  readonly seed: number;
  readonly seconds: number;
  /** Of the lease, in seconds. */
  readonly ttl: number;
  /** The etcd asked for; where there is none of it, the other one is taken, and that is said. */
  readonly series: "3.4" | "3.5";
  readonly candidates: readonly CandidatePlan[];
  /** Whose log is on a disk that can be filled. */
  readonly smallDisk: string;
  readonly faults: readonly Fault[];
}

const NAMES = ["a", "b", "c", "d", "e"];

/** Milliseconds between two faults, on average: from a storm to a row of single ones. */
const PACES = [700, 1_500, 3_000];

/** So much of a run, in leases, nothing happens but a planned stop in the middle of it: only there can a hand-over be timed. */
const CALM_LEASES = 3;
/** A run of less than so many leases has no room for that. */
const LEAST_LEASES = 7;

/** A fault that would come too near to another one is drawn again, so often. */
const MOST_DRAWS = 20;

/** Draws what happens in a run of so many seconds. The same seed and length give the same schedule. */
export function drawSchedule(seed: number, seconds: number): Schedule {
  const draw = random(seed);
  const ttl = draw.within(3, 5);
  const candidates = NAMES.map((name) => drawCandidate(name, draw));
  const smallDisk = draw.pick(NAMES);
  const pace = draw.pick(PACES);
  const end = seconds * 1_000;
  const calm = drawCalm(ttl * 1_000, end, draw);
  const faults: Fault[] = calm ? [calm.stop] : [];
  for (let at = gap(draw, pace); at < end; at += gap(draw, pace)) {
    for (let draws = 0; draws < MOST_DRAWS; draws++) {
      const fault = drawFault(at, end, draw);
      if (calm && fault.at <= calm.to && fault.at + fault.lasts >= calm.from) continue;
      if (faults.some((other) => areTooNear(fault, other, ttl))) continue;
      faults.push(fault);
      break;
    }
  }
  faults.sort((a, b) => a.at - b.at);
  return { seed, seconds, ttl, series: seed % 2 === 1 ? "3.4" : "3.5", candidates, smallDisk, faults };
}

function drawCandidate(name: string, draw: Random): CandidatePlan {
  const workload = draw.weighed({ plain: 3, stubborn: 3, daemon: 3, "bare-daemon": 1, crashing: 1, leaving: 1 });
  return { name, workload, jumps: draw.next() < 0.3 };
}

/** When nothing else happens, and the stop of the leader in it; undefined where there is no room for it. */
function drawCalm(ttl: number, end: number, draw: Random): { from: number; to: number; stop: Fault } | undefined {
  const from = draw.within(0, end - CALM_LEASES * ttl);
  if (end < LEAST_LEASES * ttl) return undefined;
  const at = Math.round(from + (CALM_LEASES / 2) * ttl);
  return {
    from,
    to: from + CALM_LEASES * ttl,
    stop: { at, kind: "end-wrapper", target: "leader", lasts: 0, amount: 0, lot: 0 },
  };
}

function gap(draw: Random, mean: number): number {
  return Math.round(-Math.log(1 - draw.next()) * mean);
}

function drawFault(at: number, end: number, draw: Random): Fault {
  const weights = Object.fromEntries(Object.entries(MENU).map(([kind, { weight }]) => [kind, weight]));
  const kind = draw.weighed(weights) as FaultKind;
  const dish: Dish = MENU[kind];
  const lasts = dish.lasts ? Math.min(draw.within(...dish.lasts), end - at) : 0;
  const amount = dish.amount ? draw.within(...dish.amount) : 0;
  return { at, kind, target: draw.pick(dish.targets), lasts, amount, lot: draw.next() };
}

/** Guard and wrapper watch each other's end; this long after a fault of one of them the other is needed. */
const APART = 1_000;

/**
 * A wrapper and its guard that are killed or stopped within the same moment leave nobody to end the workload: outside of what can
 * be promised. So faults of the one keep a renewal period and a second, in which a guard is started anew, away from those of the
 * other, whichever candidates they befall.
 */
export function areTooNear(one: Fault, other: Fault, ttl: number): boolean {
  const both = [one, other].map(({ kind }) => kind);
  const ofWrapper = both.some((kind) => WRAPPER_FAULTS.includes(kind));
  const ofGuard = both.some((kind) => GUARD_FAULTS.includes(kind));
  if (!ofWrapper || !ofGuard) return false;
  const apart = (ttl * 1_000) / 5 + APART;
  return one.at <= other.at + other.lasts + apart && other.at <= one.at + one.lasts + apart;
}

/** The schedule, a line for each thing. */
export function scheduleLines(schedule: Schedule): string[] {
  const { seed, seconds, ttl, series, candidates, smallDisk, faults } = schedule;
  const seconds1 = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  return [
    `seed ${seed}: ${seconds} s, TTL ${ttl} s, etcd ${series}, the log of ${smallDisk} on a small disk`,
    ...candidates.map(({ name, workload, jumps }) => `  ${name}: ${workload}${jumps ? ", wall clock jumps" : ""}`),
    ...faults.map(({ at, kind, target, lasts, amount }) =>
      [
        `  ${seconds1(at).padStart(7)}  ${kind} ${target}`,
        lasts > 0 ? ` for ${seconds1(lasts)}` : "",
        amount > 0 ? ` (${amount})` : "",
      ].join(""),
    ),
  ];
}
