import { spreadOf } from "../statistics.js";
import type { Table } from "../table.js";
import { sized, timed } from "../units.js";
import type { Load } from "./load.js";
import type { Return } from "./outage.js";

/** Hand-overs of one kind. */
export interface HandOvers {
  readonly name: string;
  /** Milliseconds each. */
  readonly took: readonly number[];
  /** Events that etcd sent to watchers meanwhile, all together. */
  readonly events: number;
  /** How many were elected, all together. */
  readonly elected: number;
  /** How many found another one before them, or lost their place. */
  readonly moved: number;
}

/** The same crowd's figures in a column each. */
export function loadTable(loads: Readonly<Record<string, Load>>): Table {
  const all = Object.values(loads);
  const row = (name: string, of: (load: Load) => string): string[] => [name, ...all.map(of)];
  const rate = (of: (load: Load) => number) => (load: Load) => `${Math.round(of(load))} /s`;
  const cpu = (of: (load: Load) => number) => (load: Load) => `${Math.round(of(load) * 100)} %`;
  return {
    headings: ["at rest", ...Object.keys(loads).map((name) => `${name}:`)],
    rows: [
      row(
        "leases renewed",
        rate(({ keepAlives }) => keepAlives),
      ),
      row(
        "reads",
        rate(({ reads }) => reads),
      ),
      row(
        "watches begun",
        rate(({ newWatches }) => newWatches),
      ),
      row(
        "raft proposals",
        rate(({ writes }) => writes),
      ),
      row(
        "fsyncs",
        rate(({ fsyncs }) => fsyncs),
      ),
      row("streams of keepalives", ({ leases }) => `${leases}`),
      row("watches", ({ watches }) => `${watches}`),
      row(
        "etcd, of one CPU",
        cpu(({ etcdCpu }) => etcdCpu),
      ),
      row("etcd, resident", ({ etcdMemory }) => sized(etcdMemory)),
      row("etcd's database", ({ databaseSize }) => sized(databaseSize)),
      row(
        "candidates, of one CPU",
        cpu(({ hostCpu }) => hostCpu),
      ),
      row("candidates, private memory", ({ hostMemory }) => sized(hostMemory)),
      row("candidates, descriptors", ({ descriptors }) => `${descriptors}`),
    ],
  };
}

export function handOverTable(series: readonly HandOvers[]): Table {
  const some = series.filter(({ took }) => took.length > 0);
  const rows = some.map(({ name, took, events, elected, moved }) => {
    const { count, p50, p99, max } = spreadOf(took);
    return [name, `${count}`, timed(p50), timed(p99), timed(max), `${events}`, `${elected}`, `${moved}`];
  });
  return {
    headings: ["hand-overs", "count:", "p50:", "p99:", "longest:", "woken by etcd:", "elected:", "moved up:"],
    rows,
  };
}

export function returnTable(returns: readonly Return[]): Table {
  const rows = returns.map(({ name, took, begun, peak, lost, terms }) => [
    name,
    timed(took),
    `${begun}`,
    `${Math.round(peak)}`,
    `${lost}`,
    `${terms}`,
  ]);
  const headings = ["outage", "all back after:", "requests in 10 s:", "most in 0.1 s:", "places lost:", "terms lost:"];
  return { headings, rows };
}
