import { readFileSync } from "node:fs";
import t from "tap";
import { drawn } from "../bench/chart.js";
import { barsOf, comparison, valuesOf } from "../bench/compare.js";
import { whileLeader, type Contestant } from "../bench/contestants.js";
import { between, requestsIn } from "../bench/etcd-requests.js";
import { plannedStop, wrapperKilled } from "../bench/faults.js";
import { atMost, goalTable } from "../bench/part.js";
import { PARTS, partsNamed } from "../bench/parts.js";
import { guardTable } from "../bench/parts/guard.js";
import { handOverTable } from "../bench/parts/hand-over.js";
import { resultsIn, shown, written } from "../bench/report.js";
import { handOvers, type Series } from "../bench/schedule.js";
import { percentile, spreadOf } from "../bench/statistics.js";
import { markdown, plain } from "../bench/table.js";
import { inTurns, rotated } from "../bench/turns.js";
import { ratio, sized, timed } from "../bench/units.js";
import { startEtcd } from "./helpers/etcd-server.js";
import { projectPath } from "./helpers/paths.js";

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
  t.same([0, 0.0262, 0.9996, 9.94, 9.96, 999.4, 999.6, 10_234, Infinity].map(timed), [
    "0 µs",
    "26 µs",
    "1.0 ms",
    "9.9 ms",
    "10 ms",
    "999 ms",
    "1.00 s",
    "10.23 s",
    "never",
  ]);
  t.same([28_400, 99_600, 5_432_100].map(sized), ["28 kB", "0.1 MB", "5.4 MB"]);
  t.same([ratio(3, 2), ratio(2, 3), ratio(200, 2), ratio(Infinity, 2)], ["1.5 x", "0.67 x", "100 x", "∞"]);
});

await t.test("all take turns, nobody always after the same one, and who is not here is passed over", async (t) => {
  const order: string[] = [];
  const measure = async ({ name }: { name: string }) => {
    order.push(name);
    return name === "b" ? undefined : order.length;
  };
  const steps: string[] = [];
  const all = ["a", "b", "c"].map((name) => ({ name }));
  const series = await inTurns(all, { rounds: 3, measure, progress: (done, of) => steps.push(`${done}/${of}`) });
  t.equal(order.join(""), "abcbcacab");
  t.same(steps, ["1/3", "2/3", "3/3"]);
  t.same(series, [
    { name: "a", values: [1, 6, 8] },
    { name: "b", values: [] },
    { name: "c", values: [3, 5, 7] },
  ]);
  t.same(rotated([], 3), []);
});

const RACE = [
  { name: "node", values: [40, 42, 44] },
  { name: "while-leader", values: [60, 84, 90] },
  { name: "tini", values: [] },
];

await t.test("each stands beside a yardstick, and a peer that is not installed is named", async (t) => {
  t.same(comparison("start", RACE, "node"), {
    headings: ["start", "p50:", "p99:", "to node:"],
    rows: [
      ["node", "42 ms", "44 ms", "1 x"],
      ["while-leader", "84 ms", "90 ms", "2 x"],
      ["tini", "not installed"],
    ],
  });
  t.same(comparison("start", RACE, "tini").rows[0], ["node", "42 ms", "44 ms"], "without the yardstick no ratio");
  t.same(
    barsOf(RACE).map(({ label, value, reach, ours }) => [label, value, reach, ours]),
    [
      ["node", 42, 44, false],
      ["while-leader", 84, 90, true],
    ],
  );
  t.same(valuesOf(RACE, "node"), [40, 42, 44]);
  t.throws(() => valuesOf(RACE, "tini"), { message: /nothing was measured of tini/ });
});

await t.test("a goal is reached up to its bound, and says so", async (t) => {
  const goals = [50, 51].map((value) => atMost("stop", 50, value, timed));
  t.same(goalTable(goals).rows, [
    ["stop", "at most 50 ms", "50 ms", "reached"],
    ["stop", "at most 50 ms", "51 ms", "not reached"],
  ]);
});

await t.test("an etcd's requests are counted by method, each message of a stream", async (t) => {
  const line = (name: string, method: string, count: string) =>
    `grpc_server_${name}{grpc_method="${method}",grpc_service="etcdserverpb.X",grpc_type="unary"} ${count}\n`;
  const before = requestsIn(line("msg_received_total", "Range", "2") + line("msg_sent_total", "Range", "7"));
  t.same([...before], [["Range", 2]]);
  const after = requestsIn(line("msg_received_total", "Range", "1.2e+01") + line("msg_received_total", "Put", "3"));
  t.equal(between(before, after), 13);
  t.equal(between(before, after, ["Range"]), 10);
  t.equal(between(before, after, ["Watch"]), 0);
});

await t.test("findings for a terminal and for a page", async (t) => {
  const table = comparison("start", RACE, "node");
  const chart = { title: "Start", bars: barsOf(RACE), show: timed };
  const findings = { note: "3 starts", tables: [table], goals: [atMost("stop", 5, 6, timed)], charts: [chart] };
  t.equal(shown(findings), ["3 starts", plain(table), plain(goalTable(findings.goals)), drawn(chart)].join("\n\n"));
  t.equal(
    written("start", "a machine", findings),
    ["a machine; 3 starts.", markdown(table), markdown(goalTable(findings.goals)), "![Start](results/start.svg)"].join(
      "\n\n",
    ),
  );
});

await t.test("parts are chosen by name", async (t) => {
  t.equal(partsNamed(undefined), PARTS);
  t.same(
    partsNamed("signals, start").map(({ name }) => name),
    ["start", "signals"],
  );
  t.throws(() => partsNamed("start,stup"), { name: "RangeError", message: /^--only stup is none of start, hand-over/ });
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

await t.test("results take the place of those of their part, and leave the rest of the page", async (t) => {
  const page = (results: string) => `# Title\n\n<!-- results of stop -->\n\nold\n\n${results}\n\n## More\n`;
  const once = resultsIn(
    page("<!-- results of start -->\n\nold\n\n<!-- end of start -->"),
    "start",
    "new\n\nnumbers\n",
  );
  t.equal(once, page("<!-- results of start -->\n\nnew\n\nnumbers\n\n<!-- end of start -->"));
  t.throws(() => resultsIn(page(""), "start", "new"), { message: /no place for the results of start/ });
  t.throws(() => resultsIn(page("<!-- results of start -->"), "start", "new"), { message: /no place/ });
});

await t.test("bench/README.md has a place, and words, for each part", async (t) => {
  const page = readFileSync(projectPath("bench/README.md"), "utf8");
  t.same(
    [...page.matchAll(/<!-- results of (\S+) -->/g)].map(([, name]) => name),
    PARTS.map(({ name }) => name),
  );
  for (const { name } of PARTS) {
    t.match(
      resultsIn(page, name, "new"),
      `## ${name}\n\n<!-- results of ${name} -->\n\nnew\n\n<!-- end of ${name} -->\n\n`,
    );
  }
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
