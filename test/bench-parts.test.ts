import t from "tap";
import { dumbInit, tini } from "../bench/contestants.js";
import type { Findings, Part } from "../bench/part.js";
import { guard } from "../bench/parts/guard.js";
import { idle } from "../bench/parts/idle.js";
import { memory } from "../bench/parts/memory.js";
import { signals } from "../bench/parts/signals.js";
import { size } from "../bench/parts/size.js";
import { start } from "../bench/parts/start.js";
import { stop } from "../bench/parts/stop.js";
import { shown } from "../bench/report.js";
import { svg } from "../bench/svg.js";
import { requireEtcd } from "./helpers/etcd-binaries.js";
import { startEtcd } from "./helpers/etcd-server.js";
import { needsPid1 } from "./helpers/pid1.js";

// One run of each alone takes half a minute.
t.setTimeout(110_000);

const binaries = await requireEtcd();
const etcd = await startEtcd({ t, binaries });
const linux = process.platform !== "linux" && "the benchmarks read Linux' /proc and clock";
const PEERS = [tini, dumbInit];

await measures(start, { rows: 8, goals: 2, charts: 1 });
await measures(stop, { rows: 5, goals: 0, charts: 1, needs: needsPid1.skip });
await measures(signals, { rows: 5, goals: 2, charts: 1 });
await measures(memory, { rows: 9, goals: 3, charts: 1 });
await measures(idle, { rows: 7, goals: 6, charts: 1 });
await measures(guard, { rows: 5, goals: 0, charts: 0, peers: false });
await measures(size, { rows: 7, goals: 1, charts: 1 });

interface Expected {
  /** Of the first table. */
  readonly rows: number;
  readonly goals: number;
  readonly charts: number;
  /** Whether tini and dumb-init are in it. */
  readonly peers?: boolean;
  readonly needs?: string | false;
}

/** That a part can be measured once, of everybody who is here; no more of its numbers than that they are some. */
async function measures(part: Part, { rows, goals, charts, peers = true, needs = false }: Expected): Promise<void> {
  await t.test(`${part.name} is measured once`, { skip: linux || needs }, async (t) => {
    let findings: Findings;
    try {
      findings = await part.measure({ etcd, binaries, folder: t.testdir(), runs: 1 });
    } catch (error) {
      if (!String(error).includes("npm install: ")) throw error;
      t.pass(`needs npm's registry: ${String(error)}`, { skip: true });
      return;
    }
    const [first] = findings.tables;
    t.equal(first?.rows.length, rows);
    t.same([findings.goals.length, findings.charts.length], [goals, charts]);
    const missing = (first?.rows ?? []).filter(([, value]) => value === "not installed").map(([name]) => name);
    t.same(
      missing,
      PEERS.filter(({ words }) => peers && words === undefined).map(({ name }) => name),
    );
    const text = shown(findings);
    t.notMatch(text, /NaN|undefined|never|Infinity/, text);
    if (charts > 0) t.match(svg(findings.charts), /<rect class="ours" [^>]*width="\d+"/);
  });
}
