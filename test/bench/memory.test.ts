import t from "tap";
import { memory } from "../../bench/parts/memory.js";
import { linux, measuredOnce } from "./once.js";

t.setTimeout(110_000);

await t.test("memory is measured", { skip: linux }, async (t) => {
  await measuredOnce(t, memory, { rows: 9, goals: 3, charts: 1 });
});
