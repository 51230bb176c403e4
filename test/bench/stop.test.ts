import t from "tap";
import { stop } from "../../bench/parts/stop.js";
import { needsPid1 } from "../helpers/pid1.js";
import { linux, measuredOnce } from "./once.js";

t.setTimeout(110_000);

await t.test("stops are measured", { skip: linux || needsPid1.skip }, async (t) => {
  await measuredOnce(t, stop, { rows: 5, goals: 0, charts: 1 });
});
