import t from "tap";
import { whileLeader, type Contestant } from "../bench/contestants.js";
import { plannedStop, wrapperKilled } from "../bench/faults.js";
import { guardTable, handOverTable, resultsIn } from "../bench/report.js";
import { handOvers, type Series } from "../bench/schedule.js";
import { percentile, spreadOf } from "../bench/statistics.js";
import { markdown, plain } from "../bench/table.js";
import { ratio, sized, timed } from "../bench/units.js";
import { startEtcd } from "./helpers/etcd-server.js";

const HUNDRED = Array.from({ length: 100 }, (_, index) => 100 - index);

await t.test("a percentile is a value that was measured: the nearest rank", async (t) => {
  t.same(
    [0, 1, 50, 99, 100].map((percent) => percentile(HUNDRED, percent)),
    [1, 1, 50, 99, 100],
  );
  const five = [15, 20, 35, 40, 50];
  t.same(
    [5, 30, 40, 50, 99].map((percent) => percentile(five, percent)),
    [15, 20, 20, 35, 50],
  );
  t.equal(percentile(HUNDRED.slice(0, 30), 99), 100, "of thirty the worst");
  t.equal(percentile([7], 50), 7);
  t.throws(() => percentile([], 50), RangeError);
});

await t.test("numbers are sorted as numbers, and nobody who came is none", async (t) => {
  t.same(spreadOf([100, 9, 20]), { count: 3, p50: 20, p99: 100, max: 100 });
  t.same(spreadOf([9, Infinity]), { count: 2, p50: 9, p99: Infinity, max: Infinity });
});

await t.test("a table for a terminal and for a page", async (t) => {
  const table = { headings: ["fault", "p50:"], rows: [["stop", "9 ms"], ["a crash", "120 ms"], ["nothing"]] };
  t.equal(plain(table), ["fault       p50", "stop       9 ms", "a crash  120 ms", "nothing"].join("\n"));
  t.same(markdown(table).split("\n"), [
    "| fault   |    p50 |",
    "| ------- | -----: |",
    "| stop    |   9 ms |",
    "| a crash | 120 ms |",
    "| nothing |        |",
  ]);
});

await t.test("durations, sizes and ratios in few digits", async (t) => {
  t.same([0.26, 9.94, 9.96, 999.4, 999.6, 10_234, Infinity].map(timed), [
    "0.3 ms",
    "9.9 ms",
    "10 ms",
    "999 ms",
    "1.00 s",
    "10.23 s",
    "never",
  ]);
  t.equal(sized(5_432_100), "5.4 MB");
  t.same([ratio(3, 2), ratio(2, 3), ratio(200, 2), ratio(Infinity, 2)], ["1.5 x", "0.67 x", "100 x", "∞"]);
});

await t.test("hand-overs stand side by side, with what has overlapped", async (t) => {
  const peer: Contestant = { ...whileLeader, name: "peer" };
  const series = (contestant: Contestant, ...took: number[]): Series => ({
    fault: wrapperKilled,
    contestant,
    outcomes: took.map((each) => ({ took: each, alive: each > 1_000 ? 2 : 1, overlaps: 0 })),
  });
  t.same(handOverTable([series(whileLeader, 100, 90, 80), series(peer, 9_000, 900, 10_000)]), {
    headings: [
      ["fault", "while-leader, p50:", "p99:", "two at once:", "peer, p50:", "p99:", "two at once:"],
      ["ratio of p50:"],
    ].flat(),
    rows: [["wrapper SIGKILLed", "90 ms", "100 ms", "0 of 3", "9.00 s", "10.00 s", "2 of 3", "100 x"]],
  });
});

await t.test("a guard stands beside a bare Node", async (t) => {
  const guard = { ready: 60, private: 5e6, resident: 40e6 };
  const bares = [{ ready: 40, private: 4e6, resident: 40e6 }];
  const old = { ...guard, private: 6e6 };
  t.same(guardTable({ guards: [guard, { ...guard, private: 7e6 }, guard], alone: [50, 48], bares }, old).rows, [
    ["guard", "48 ms", "50 ms", "5.0 MB", "40.0 MB"],
    ["bare Node", "40 ms", "40 ms", "4.0 MB", "40.0 MB"],
    ["ratio of p50", "1.2 x", "", "1.3 x", "1 x"],
    ["guard, as its while-leader sees it", "60 ms", "60 ms", "", ""],
    ["guard at the end of this run", "", "", "6.0 MB", "40.0 MB"],
  ]);
});

await t.test("results take the place of those before, and leave the rest of the page", async (t) => {
  const page = (results: string) => `# Title\n\nWords.\n\n${results}\n\n## More\n`;
  const once = resultsIn(page("<!-- results -->\n\nold\n\n<!-- end of results -->"), "new\n\nnumbers\n");
  t.equal(once, page("<!-- results -->\n\nnew\n\nnumbers\n\n<!-- end of results -->"));
  t.throws(() => resultsIn(page(""), "new"), { message: /no place for results/ });
  t.throws(() => resultsIn(page("<!-- results -->"), "new"), { message: /no place for results/ });
});

const skip = process.platform !== "linux" && "the benchmarks read Linux' /proc and clock";

await t.test("one planned stop is measured", { skip }, async (t) => {
  const etcd = await startEtcd({ t });
  const plan = { etcd, folder: t.testdir(), faults: [plannedStop], contestants: [whileLeader], runs: 1 };
  const series = await handOvers(plan);
  const [outcome] = series[0]?.outcomes ?? [];
  t.match(outcome, { alive: 1, overlaps: 0 });
  // No more than that it is a time, and not the lease's.
  t.ok(outcome && outcome.took > 0 && outcome.took < 8_000, `${outcome?.took} ms`);
  t.match(plain(handOverTable(series)), /^planned stop +\d.* m?s +\d.* m?s +0 of 1$/m);
});
