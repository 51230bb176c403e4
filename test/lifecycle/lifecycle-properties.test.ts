import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { test } from "tap";
import { lifecycle } from "../../lib/lifecycle.js";
import type { Rules } from "../../lib/states.js";
import { anything } from "./anything.js";
import { BROKEN } from "./broken.js";
import { PAUSING, PREPARING, UNDOING } from "./cells-of-hooks.js";
import { LEADING } from "./cells-of-leader.js";
import { RESTARTING } from "./cells-of-restart.js";
import { KILLING, STOPPING } from "./cells-of-stop.js";
import { CONNECTING, STANDBY } from "./cells-of-candidate.js";
import { RESIGNING } from "./cells-of-end.js";
import { RULES } from "./examples.js";
import type { Game, Violation } from "./explore.js";
import { explore, wander } from "./explore.js";
import { possible } from "./possible.js";
import type { Move } from "./world.js";
import { shifted } from "./world.js";

/** Long enough for a term, its loss, a rejoining and a second term's stop. */
const POSSIBLE_LENGTH = 10;
/** A run, its end, a restart, and what can end the term then; or looks at its health until it is unhealthy. */
const LONG_TERM_LENGTH = 8;
/** A term with both hooks and the command, each of which ends by itself. */
const HOOKS_LENGTH = 7;
const ARBITRARY_LENGTH = 6;
const RUNS = 2_000;
const LONGEST = 200;

// A term's times (see moves.ts) are 3 and 5: one --kill-after ends before a lost lease does, the other one after it.
const REJOIN: Rules = { stopOn: new Set(["SIGTERM", "SIGINT"]), killAfter: 4, onLost: "rejoin" };
const SETS: readonly Rules[] = [
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

const titleOf = ({ killAfter, onLost, stopWith, wait, restart, health, hooks }: Rules): string =>
  [
    `kill after ${killAfter}, ${onLost}`,
    ...(stopWith ? [`stop with ${stopWith}`] : []),
    ...(wait ? [`wait ${wait}`] : []),
    ...(health ? ["health"] : []),
    ...(hooks?.onElected ? ["on-elected"] : []),
    ...(hooks?.onResigned ? ["on-resigned"] : []),
    ...(restart ? [`restart ${restart.when}`] : []),
  ].join(", ");
const many = ({ histories }: { histories: bigint }): string => histories.toLocaleString("en");

for (const rules of SETS) {
  const length = rules.hooks ? HOOKS_LENGTH : rules.restart || rules.health ? LONG_TERM_LENGTH : POSSIBLE_LENGTH;
  const found = explore(possible(lifecycle(rules), rules), length);
  await test(
    `all promises hold over all ${many(found)} possible histories of up to ${length} moves, ` +
      `which lead to ${found.situations} situations (${titleOf(rules)})`,
    async (t) => t.equal(told(found), undefined),
  );
}

for (const rules of SETS) {
  const found = explore(anything(lifecycle(rules), rules), ARBITRARY_LENGTH);
  await test(`safety holds over all ${many(found)} sequences of up to ${ARBITRARY_LENGTH} events, possible or not (${titleOf(rules)})`, async (t) =>
    t.equal(told(found), undefined));
}

await test(`all promises hold over ${RUNS} random possible histories of up to ${LONGEST} moves`, async () => {
  // Most moves that begin the end are left out, or a history would hardly see a second term.
  const lively = (moves: readonly Move[], choice: number): Move | undefined =>
    among(choice % 32 === 0 ? moves : moves.filter(({ final }) => !final), Math.floor(choice / 32));
  randomly((rules) => possible(lifecycle(rules), rules), lively);
});

await test(`safety holds over ${RUNS} random sequences of up to ${LONGEST} events, possible or not`, async () => {
  randomly((rules) => anything(lifecycle(rules), rules), among);
});

await test("the shortcut of the exhaustive search loses no history: counted one by one, they are as many", async (t) => {
  const game = possible(lifecycle(REJOIN), REJOIN);
  t.equal(explore(game, 4).histories, BigInt(oneByOne(game, game.first(), 4)));
});

await test("the hour makes no difference to the lifecycle, so that the search may count times from now", async () => {
  const life = lifecycle({ ...RULES, wait: 500 });
  const rows = [CONNECTING, STANDBY, PREPARING, LEADING, STOPPING, KILLING, RESTARTING, UNDOING, RESIGNING, PAUSING];
  const examples = rows.flatMap((row) => Object.values(row).flat());
  fc.assert(
    fc.property(fc.constantFrom(...examples), fc.integer(), ({ state, event }, by) =>
      isDeepStrictEqual(life.step(shifted(state, by), shifted(event, by)), shifted(life.step(state, event), by)),
    ),
  );
});

for (const { flaw, finds, breaks } of BROKEN) {
  await test(`a lifecycle that ${flaw} is found out: "${finds}"`, async (t) => {
    const finding = (rules: Rules) => explore(possible(breaks(lifecycle(rules), rules), rules), 6).violation?.broken;
    t.ok(SETS.some((rules) => finding(rules) === finds));
  });
}

await test("sequences that are not possible find a broken lifecycle out, too", async (t) => {
  const found = BROKEN.map(({ breaks }) => explore(anything(breaks(lifecycle(REJOIN), REJOIN), REJOIN), 4).violation);
  t.ok(found.filter((violation) => violation !== undefined).length >= 3);
});

function randomly<S, M extends object>(
  gameOf: (rules: Rules) => Game<S, M>,
  pick: (moves: readonly M[], choice: number) => M | undefined,
): void {
  const choices = fc.array(fc.nat({ max: 0xffff }), { maxLength: LONGEST, size: "max" });
  fc.assert(
    fc.property(fc.constantFrom(...SETS), choices, (rules, numbers) => {
      const text = told({ violation: wander(gameOf(rules), numbers, pick) });
      if (text !== undefined) throw new Error(text);
    }),
    { numRuns: RUNS },
  );
}

function among<M>(moves: readonly M[], choice: number): M | undefined {
  return moves[choice % moves.length];
}

function told<M extends object>({ violation }: { violation?: Violation<M> | undefined }): string | undefined {
  if (violation === undefined) return undefined;
  const history = violation.history.map((move) => ("name" in move ? String(move.name) : JSON.stringify(move)));
  return `${violation.broken}: ${history.join(" -> ")}`;
}

function oneByOne<S, M>(game: Game<S, M>, from: S, length: number): number {
  if (length === 0) return 0;
  return game.moves(from).reduce((sum, move) => {
    const next = game.play(from, move);
    return typeof next === "string" ? sum : sum + 1 + oneByOne(game, next, length - 1);
  }, 0);
}
