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

/** A term that is good for a while, and one that is not. */
const [HELD, OVER] = [
  { at: 0, termAt: 2, killAt: 20 },
  { at: 0, termAt: -1, killAt: 0 },
];

const EVENTS: readonly Event[] = [
  { ...HELD, type: "signal", signal: "SIGTERM" },
  { ...HELD, type: "signal", at: 1, signal: "SIGINT" },
  { ...HELD, type: "signal", signal: "SIGHUP" },
  { ...HELD, type: "signal", signal: "SIGHUP", hungUp: true },
  { ...OVER, type: "signal", signal: "SIGTERM" },
  { ...HELD, type: "queued" },
  ...TIMES.map((termAt): Event => ({ ...HELD, type: "elected", termAt })),
  { ...HELD, type: "campaign-failed", status: 77 },
  { ...HELD, type: "start-failed", status: 127 },
  { ...OVER, type: "start-failed", status: 127 },
  ...TIMES.map((killAt): Event => ({ ...HELD, type: "lost", reason: "expired", killAt })),
  ...TIMES.flatMap((termAt) => TIMES.map((killAt): Event => ({ type: "tick", at: 1, termAt, killAt }))),
  { type: "tick", at: 20, termAt: Infinity, killAt: Infinity },
  { ...HELD, type: "exited", exit: { code: 0 } },
  { ...HELD, type: "exited", at: 20, exit: { code: 1 } },
  { ...HELD, type: "exited", exit: { signal: "SIGKILL" } },
  { ...HELD, type: "gone", chance: 0 },
  { ...HELD, type: "gone", chance: 1 },
  { ...OVER, type: "gone", chance: 1 },
  { ...HELD, type: "step-down" },
  { ...OVER, type: "step-down" },
  { ...HELD, type: "probed", healthy: false },
  { ...HELD, type: "probed", at: 1, healthy: true },
  { ...HELD, type: "resigned", chance: 1 },
  { ...HELD, type: "fault" },
  { ...OVER, type: "fault" },
];
