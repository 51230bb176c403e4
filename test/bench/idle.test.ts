import t from "tap";
import { idle } from "../../bench/parts/idle.js";
import { linux, measuredOnce } from "./once.js";

t.setTimeout(110_000);

await t.test("waiting is measured", { skip: linux }, async (t) => {
  await measuredOnce(t, idle, { rows: 7, goals: 6, charts: 1 });
});
