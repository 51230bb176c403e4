import t from "tap";
import type { Phase } from "../../lib/states.js";
import { openMetrics } from "../../lib/status/metrics.js";
import { AT_FIRST } from "../../lib/status/standing.js";
import { parseMetrics, sample } from "./exposition.js";

type Fields = Record<string, string | number | boolean>;
/** A phase, or an event with fields; and when. */
type Told = readonly [at: number, what: Phase | `!${string}`, fields?: Fields];

const LEADING = { ...AT_FIRST, leads: true };

/** What is read at `at` after all that was told; the candidate began at 1000 ms. */
async function read(at: number, told: readonly Told[], standing = AT_FIRST) {
  const metrics = openMetrics({ version: "1.2.3", election: 'jo"bs' }, 1_000);
  for (const [when, what, fields = {}] of told)
    metrics.count(when, what.startsWith("!") ? { event: what.slice(1), fields } : { phase: what as Phase });
  const parsed = parseMetrics(await metrics.text(at, standing));
  return (name: string, labels?: Fields) =>
    sample(parsed, name, Object.fromEntries(Object.entries(labels ?? {}).map(([key, value]) => [key, String(value)])));
}

await t.test("before anything has happened, all that can be counted is zero", async (t) => {
  const value = await read(1_000, []);
  for (const name of ["is_leader", "terms_total", "validity_seconds", "restarts_total", "guard_kills_total"])
    t.equal(value(name), 0, name);
  for (const result of ["confirmed", "failed"]) t.equal(value("renewals_total", { result }), 0);
  for (const reason of ["expired", "lease-gone", "key-gone"]) t.equal(value("lost_terms_total", { reason }), 0);
  for (const name of ["hand_over", "renewal"]) t.equal(value(`${name}_seconds_count`), 0);
  t.equal(value("build_info", { version: "1.2.3", node: process.version }), 1);
  t.equal(value("build_info", { election: 'jo\\"bs' }), 1, "each has the election as a label");
});

await t.test("the time in each phase is counted, that of the present one up to now", async (t) => {
  const value = await read(9_500, [
    [1_250, "standby"],
    [4_000, "leading"],
    [6_000, "stopping"],
    [7_000, "resigning"],
    [7_500, "connecting"],
    [8_000, "standby"],
  ]);
  const seconds = { connecting: 0.75, standby: 4.25, leading: 2, stopping: 1, resigning: 0.5, killing: undefined };
  for (const [phase, expected] of Object.entries(seconds))
    t.equal(value("phase_seconds_total", { phase }), expected, phase);
});

await t.test("what is left of the validity runs down between renewals, and is nothing without the lead", async (t) => {
  const told: Told[] = [[2_000, "!renewed", { left: 9_900, took: 3 }]];
  t.equal((await read(2_000, told, LEADING))("validity_seconds"), 9.9);
  t.equal((await read(4_500, told, LEADING))("validity_seconds"), 7.4);
  t.equal((await read(60_000, told, LEADING))("validity_seconds"), 0);
  t.equal((await read(4_500, told))("validity_seconds"), 0);
  t.equal((await read(4_500, [[1_000, "!no-election"]], LEADING))("validity_seconds"), Infinity);
});

await t.test("renewals are counted by result, and the confirmed ones timed", async (t) => {
  const value = await read(9_000, [
    [2_000, "!renewed", { left: 9_900, took: 2 }],
    [3_000, "!renewal-failed", { error: "x" }],
    [4_000, "!renewed", { left: 9_900, took: 600 }],
    [5_000, "!renewed", { left: 9_900, took: 5_000 }],
  ]);
  t.equal(value("renewals_total", { result: "confirmed" }), 3);
  t.equal(value("renewals_total", { result: "failed" }), 1);
  t.equal(value("renewal_seconds_count"), 3);
  t.equal(value("renewal_seconds_sum"), 5.602);
  t.same(
    ["0.001", "0.0025", "0.5", "1", "+Inf"].map((le) => value("renewal_seconds_bucket", { le })),
    [0, 1, 1, 2, 3],
  );
});

await t.test("a hand-over lasts from the first sign of the term's end until etcd has acknowledged it", async (t) => {
  const end = (acknowledged: boolean): Told[] => [
    [2_000, "leading"],
    [3_000, "stopping"],
    [3_200, "killing"],
    [3_300, "resigning"],
    [3_400, "!resigned", { acknowledged }],
    [3_400, "connecting"],
    [5_000, "!resigned", { acknowledged }],
  ];
  const value = await read(9_000, end(true));
  t.equal(value("hand_over_seconds_count"), 1);
  t.equal(value("hand_over_seconds_sum"), 0.4);
  t.equal((await read(9_000, end(false)))("hand_over_seconds_count"), 0, "it lasts as long as the lease");
  const paused: Told[] = [
    [2_000, "leading"],
    [3_000, "stopping"],
    [4_000, "leading"],
    [5_000, "stopping"],
  ];
  t.equal((await read(9_000, [...paused, [5_500, "!resigned", { acknowledged: true }]]))("hand_over_seconds_sum"), 0.5);
});

await t.test("terms, losses, exits, restarts and guards are counted", async (t) => {
  const value = await read(9_000, [
    [2_000, "!elected"],
    [3_000, "!exited", { status: 3 }],
    [3_000, "!restarting"],
    [4_000, "!exited", { signal: "SIGKILL" }],
    [4_500, "!exited", { status: 137 }],
    [5_000, "!lost", { reason: "key-gone" }],
    [6_000, "!elected"],
    [7_000, "!guard-fired"],
    [8_000, "!guard-died"],
    [8_500, "!something-new", { reason: "x" }],
  ]);
  t.equal(value("terms_total"), 2);
  t.equal(value("lost_terms_total", { reason: "key-gone" }), 1);
  t.equal(value("workload_exits_total", { status: 3 }), 1);
  t.equal(value("workload_exits_total", { status: 137 }), 2);
  t.equal(value("restarts_total"), 1);
  t.equal(value("guard_kills_total"), 1);
  t.equal(value("guard_deaths_total"), 1);
});

await t.test("the parser takes no text that Prometheus would not", async (t) => {
  const wrong = [
    "a 1\n",
    "# TYPE a gauge\na 1",
    "# TYPE a gauge\nb 1\n",
    "# TYPE a gauge\na x\n",
    "# TYPE a gauge\na{b=c} 1\n",
  ];
  for (const text of [...wrong, "# TYPE a gauge\na 1\na 1\n", "# TYPE a gauge\n# TYPE a gauge\n", "# TYPE a what\n"])
    t.throws(() => parseMetrics(text), JSON.stringify(text));
});
