import type { Test } from "tap";
import { dumbInit, tini } from "../../bench/contestants.js";
import type { Findings, Part } from "../../bench/part.js";
import { shown } from "../../bench/report.js";
import { svg } from "../../bench/svg.js";
import { requireEtcd } from "../helpers/etcd-binaries.js";
import { startEtcd } from "../helpers/etcd-server.js";

export const linux = process.platform !== "linux" && "the benchmarks read Linux' /proc and clock";

export interface Expected {
  /** Of the first table. */
  readonly rows: number;
  readonly goals: number;
  readonly charts: number;
  /** Peers that may be missing here, and are named all the same. */
  readonly peers?: boolean;
}

/** Measures a part once, and tests that it is of everybody who is here; of its numbers no more than that they are some. */
export async function measuredOnce(t: Test, part: Part, { rows, goals, charts, peers = true }: Expected) {
  const binaries = await requireEtcd();
  const etcd = await startEtcd({ t, binaries });
  const findings: Findings = await part.measure({ etcd, binaries, folder: t.testdir(), runs: 1 });
  const all = findings.tables[0]?.rows ?? [];
  t.equal(all.length, rows);
  t.same([findings.goals.length, findings.charts.length], [goals, charts]);
  t.same(
    all.filter(([, value]) => value === "not installed").map(([name]) => name),
    [tini, dumbInit].filter(({ words }) => peers && words === undefined).map(({ name }) => name),
  );
  const text = shown(findings);
  t.notMatch(text, /NaN|undefined|never|Infinity/, text);
  if (charts > 0) t.match(svg(findings.charts), /<rect class="ours" [^>]*width="\d+"/);
}
