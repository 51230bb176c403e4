import t from "tap";
import { start } from "../../bench/parts/start.js";
import { linux, measuredOnce } from "./once.js";

t.setTimeout(110_000);

await t.test("starts are measured", { skip: linux }, async (t) => {
  await measuredOnce(t, start, { rows: 8, goals: 2, charts: 1 });
});
