import t from "tap";
import { guard } from "../../bench/parts/guard.js";
import { linux, measuredOnce } from "./once.js";

t.setTimeout(110_000);

await t.test("the guard is measured", { skip: linux }, async (t) => {
  await measuredOnce(t, guard, { rows: 5, goals: 0, charts: 0, peers: false });
});
