import type { Milliseconds } from "./duration.js";
import type { Exit } from "./exit-status.js";
import { exitStatus } from "./exit-status.js";
import type { Run, Rules, Sequel, Streak } from "./states.js";

const NO_STREAK: Streak = { restarts: 0, failures: 0 };

/** The first run of a term, started now. */
export function firstRun(rules: Rules, at: Milliseconds): Run {
  return nextRun(rules, NO_STREAK, at);
}

/** A run after so many others in a row, started now. */
export function nextRun({ restart }: Rules, streak: Streak, at: Milliseconds): Run {
  return { quickUntil: restart ? at + restart.quick : -Infinity, streak };
}

/** What follows when the command has ended by itself; `crashLoop`: the quick failures in a row that were too many. */
export function afterEnd(
  { restart }: Rules,
  { quickUntil, streak }: Run,
  exit: Exit,
  at: Milliseconds,
): { readonly sequel: Sequel; readonly crashLoop?: number } {
  const failed = exitStatus(exit) !== 0;
  if (restart === undefined || (restart.when === "on-failure" && !failed)) return { sequel: "command" };
  if (at >= quickUntil) return { sequel: { restart: { restarts: 1, failures: 0 } } };
  const failures = failed ? streak.failures + 1 : 0;
  if (failures > restart.most) return { sequel: "command", crashLoop: failures };
  return { sequel: { restart: { restarts: streak.restarts + 1, failures } } };
}

/** How long to wait for the `nth` attempt in a row: at least half of what is asked for, the rest as chance has it. */
export function backOff(
  pauses: { readonly pause: Milliseconds; readonly longest: Milliseconds } | undefined,
  nth: number,
  chance: number,
): Milliseconds {
  if (pauses === undefined) return 0;
  return Math.min(pauses.pause * 2 ** (nth - 1), pauses.longest) * (0.5 + chance / 2);
}
