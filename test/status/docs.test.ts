import t from "tap";
import { openMetrics } from "../../lib/status/metrics.js";
import { AT_FIRST } from "../../lib/status/standing.js";
import { captures, plain, section } from "../helpers/pages.js";
import { parseMetrics } from "./exposition.js";

await t.test("the manual's metrics are those of the program, with their types, words and labels", async (t) => {
  const metrics = openMetrics({ version: "1.2.3" }, 0);
  metrics.count(1, { event: "exited", fields: { status: 0 } });
  const read = parseMetrics(await metrics.text(2, AT_FIRST));
  const rows = captures(section("Endpoints and metrics"), /^\| (`while_leader_.*) \|$/gm).map((row) =>
    row.split(" | ").map((cell) => cell.trim()),
  );
  t.same(
    rows.map((row) => row.map(plain)),
    [...read].map(([name, { type, help }]) => [name, type, help]),
  );
  for (const [name = "", , meaning = ""] of rows) {
    const samples = [...(read.get(plain(name))?.samples.keys() ?? [])].join();
    const labels = captures(samples, /(\w+)="/g).filter((label) => label !== "le");
    t.same(new Set(captures(meaning, /`(\w+)`/g)), new Set(labels), `the labels of ${name}`);
  }
});
