import { test } from "tap";
import { lifecycle } from "../../lib/lifecycle.js";
import type { Rules } from "../../lib/states.js";
import { explore } from "./explore.js";
import { possible } from "./possible.js";
import { titleOf, told } from "./rule-sets.js";

/** Checks every possible history of up to `length` moves under each of the rules. */
export async function promisesHold(sets: readonly Rules[], length: number): Promise<void> {
  for (const rules of sets) {
    const found = explore(possible(lifecycle(rules), rules), length);
    await test(
      `all promises hold over all ${found.histories.toLocaleString("en")} possible histories of up to ${length} moves, ` +
        `which lead to ${found.situations} situations (${titleOf(rules)})`,
      async (t) => t.equal(told(found), undefined),
    );
  }
}
