import type { Lifecycle } from "../../lib/lifecycle.js";
import type { Event, Rules, State } from "../../lib/states.js";
import type { Game } from "./explore.js";
import type { Memory } from "./promises.js";
import { keepAlways, NOTHING_YET } from "./promises.js";
import { shifted, told } from "./world.js";

export interface Anywhere {
  readonly state: State;
  readonly now: number;
  readonly memory: Memory;
}

/** Every event at every moment, possible or not, and the promises that hold even so. A move's times count from now. */
export function anything(life: Lifecycle, rules: Rules): Game<Anywhere, Event> {
  return {
    first: () => ({ state: life.begin(0)[0], now: 0, memory: NOTHING_YET }),
    moves: () => EVENTS,
    play({ state, now, memory: before }, fromNow) {
      const event = shifted(fromNow, now);
      const step = life.step(state, event);
      const memory = keepAlways(rules, before, state, event, step);
      return typeof memory === "string" ? memory : { state: step[0], now: event.at, memory };
    },
    flaw: () => undefined,
    key: ({ state, now, memory }) => JSON.stringify([told(state, now), memory]),
  };
}

/** Times from now: the past, the present, within and beyond the deadlines of a stop. */
const TIMES = [-1, 0, 2, 20];

const EVENTS: readonly Event[] = [
  { type: "signal", at: 0, signal: "SIGTERM" },
  { type: "signal", at: 1, signal: "SIGINT" },
  { type: "signal", at: 0, signal: "SIGHUP" },
  { type: "signal", at: 0, signal: "SIGHUP", hungUp: true },
  { type: "queued", at: 0 },
  ...TIMES.map((termAt): Event => ({ type: "elected", at: 0, termAt })),
  { type: "campaign-failed", at: 0, status: 77 },
  { type: "start-failed", at: 0, status: 127 },
  ...TIMES.map((killAt): Event => ({ type: "lost", at: 0, reason: "expired", killAt })),
  ...TIMES.flatMap((termAt) => TIMES.map((killAt): Event => ({ type: "tick", at: 1, termAt, killAt }))),
  { type: "tick", at: 20, termAt: Infinity, killAt: Infinity },
  { type: "exited", at: 0, exit: { code: 0 } },
  { type: "exited", at: 20, exit: { code: 1 } },
  { type: "exited", at: 0, exit: { signal: "SIGKILL" } },
  { type: "gone", at: 0, chance: 0 },
  { type: "gone", at: 0, chance: 1 },
  { type: "step-down", at: 0 },
  { type: "probed", at: 0, healthy: false },
  { type: "probed", at: 1, healthy: true },
  { type: "resigned", at: 0 },
  { type: "fault", at: 0 },
];
