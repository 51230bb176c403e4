import { test } from "tap";
import { lifecycle } from "../../lib/lifecycle.js";
import type { Rules } from "../../lib/states.js";
import { anything } from "./anything.js";
import { BROKEN } from "./broken.js";
import { explore } from "./explore.js";
import { possible } from "./possible.js";
import { REJOIN, SETS } from "./rule-sets.js";

for (const { flaw, finds, breaks, hooks = false } of BROKEN) {
  await test(`a lifecycle that ${flaw} is found out: "${finds}"`, async (t) => {
    const finding = (rules: Rules) => explore(possible(breaks(lifecycle(rules), rules), rules), 6).violation?.broken;
    t.ok(SETS.some((rules) => Boolean(rules.hooks) === hooks && finding(rules) === finds));
  });
}

await test("sequences that are not possible find a broken lifecycle out, too", async (t) => {
  const found = BROKEN.map(({ breaks }) => explore(anything(breaks(lifecycle(REJOIN), REJOIN), REJOIN), 4).violation);
  t.ok(found.filter((violation) => violation !== undefined).length >= 3);
});
