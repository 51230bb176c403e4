import t from "tap";
import { size } from "../../bench/parts/size.js";
import { linux, measuredOnce } from "./once.js";

t.setTimeout(110_000);

await t.test("the installed size is measured", { skip: linux }, async (t) => {
  try {
    await measuredOnce(t, size, { rows: 7, goals: 1, charts: 1 });
  } catch (error) {
    if (!String(error).includes("npm install: ")) throw error;
    t.pass(`needs npm's registry: ${String(error)}`, { skip: true });
  }
});
