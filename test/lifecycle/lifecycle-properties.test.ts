import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { test } from "tap";
import { lifecycle } from "../../lib/lifecycle.js";
import type { Rules } from "../../lib/states.js";
import { anything } from "./anything.js";
import { PAUSING, PREPARING, UNDOING } from "./cells-of-hooks.js";
import { LEADING } from "./cells-of-leader.js";
import { RESTARTING } from "./cells-of-restart.js";
import { KILLING, STOPPING } from "./cells-of-stop.js";
import { CONNECTING, STANDBY } from "./cells-of-candidate.js";
import { RESIGNING } from "./cells-of-end.js";
import { RULES } from "./examples.js";
import type { Game } from "./explore.js";
import { explore, wander } from "./explore.js";
import { possible } from "./possible.js";
import { REJOIN, SETS, titleOf, told } from "./rule-sets.js";
import type { Move } from "./world.js";
import { shifted } from "./world.js";

const ARBITRARY_LENGTH = 6;
const RUNS = 2_000;
const LONGEST = 200;

const many = ({ histories }: { histories: bigint }): string => histories.toLocaleString("en");

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

function oneByOne<S, M>(game: Game<S, M>, from: S, length: number): number {
  if (length === 0) return 0;
  return game.moves(from).reduce((sum, move) => {
    const next = game.play(from, move);
    return typeof next === "string" ? sum : sum + 1 + oneByOne(game, next, length - 1);
  }, 0);
}
