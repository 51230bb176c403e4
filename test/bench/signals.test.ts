import t from "tap";
import { signals } from "../../bench/parts/signals.js";
import { linux, measuredOnce } from "./once.js";

t.setTimeout(110_000);

await t.test("signals are measured", { skip: linux }, async (t) => {
  await measuredOnce(t, signals, { rows: 6, goals: 2, charts: 1 });
});
