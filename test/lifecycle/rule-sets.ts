import type { Rules } from "../../lib/states.js";
import type { Violation } from "./explore.js";

// A term's times (see moves.ts) are 3 and 5: one --kill-after ends before a lost lease does, the other one after it.
export const REJOIN: Rules = { stopOn: new Set(["SIGTERM", "SIGINT"]), killAfter: 4, onLost: "rejoin" };
/** The promises are checked under each of them. */
export const SETS: readonly Rules[] = [
  REJOIN,
  { ...REJOIN, killAfter: 9, wait: 6 },
  { ...REJOIN, onLost: "exit", stopWith: "SIGQUIT", wait: 6 },
  { ...REJOIN, killAfter: 9, onLost: "exit" },
  { ...REJOIN, restart: { when: "on-failure", most: 1, quick: 2, pause: 2, longest: 3 } },
  { ...REJOIN, onLost: "exit", health: { interval: 1, timeout: 2, retries: 2, startPeriod: 1 } },
  { ...REJOIN, killAfter: 9, onLost: "exit", restart: { when: "always", most: 0, quick: 2, pause: 1, longest: 9 } },
  { ...REJOIN, hooks: { onElected: true, onResigned: true, timeout: 2, pause: 1, longest: 2 } },
  { ...REJOIN, onLost: "exit", hooks: { onElected: true, onResigned: false, timeout: 6, pause: 1, longest: 1 } },
  {
    ...REJOIN,
    killAfter: 2,
    hooks: { onElected: false, onResigned: true, timeout: 6, pause: 1, longest: 1 },
    restart: { when: "always", most: 0, quick: 2, pause: 1, longest: 1 },
  },
];

/** What distinguishes one of them, for a title. */
export const titleOf = ({ killAfter, onLost, stopWith, wait, restart, health, hooks }: Rules): string =>
  [
    `kill after ${killAfter}, ${onLost}`,
    ...(stopWith ? [`stop with ${stopWith}`] : []),
    ...(wait ? [`wait ${wait}`] : []),
    ...(health ? ["health"] : []),
    ...(hooks?.onElected ? ["on-elected"] : []),
    ...(hooks?.onResigned ? ["on-resigned"] : []),
    ...(restart ? [`restart ${restart.when}`] : []),
  ].join(", ");
/** How a promise was broken; undefined if none was. */
export function told<M extends object>({ violation }: { violation?: Violation<M> | undefined }): string | undefined {
  if (violation === undefined) return undefined;
  const history = violation.history.map((move) => ("name" in move ? String(move.name) : JSON.stringify(move)));
  return `${violation.broken}: ${history.join(" -> ")}`;
}
