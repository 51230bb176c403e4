import type { EtcdBinaries } from "../test/helpers/etcd-binaries.js";
import type { EtcdCluster } from "../test/helpers/etcd-server.js";
import type { Chart } from "./chart.js";
import type { Table } from "./table.js";

/** What every measurement is given. */
export interface Rig {
  /** For whoever takes part in an election; nobody else asks it anything meanwhile. */
  readonly etcd: EtcdCluster;
  readonly binaries: EtcdBinaries;
  /** For files that nobody needs afterwards. */
  readonly folder: string;
  /** Of each kind; a part that is quick or slow takes a multiple or a share of it. */
  readonly runs: number;
  /** Told how many steps there will be in all, and how many have been. */
  readonly progress?: (done: number, all: number) => void;
}

/** What a number has to be. */
export interface Goal {
  readonly what: string;
  readonly bound: string;
  readonly measured: string;
  readonly reached: boolean;
}

export interface Findings {
  /** What was measured, and how often. */
  readonly note: string;
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
  readonly charts: readonly Chart[];
}

/** One measurement, with a place of its own in bench/README.md. */
export interface Part {
  readonly name: string;
  measure(rig: Rig): Promise<Findings>;
}

/** A goal that is a most. */
export function atMost(what: string, limit: number, value: number, show: (value: number) => string): Goal {
  return { what, bound: `at most ${show(limit)}`, measured: show(value), reached: value <= limit };
}

export function goalTable(goals: readonly Goal[]): Table {
  const rows = goals.map(({ what, bound, measured, reached }) => [
    what,
    bound,
    measured,
    reached ? "reached" : "not reached",
  ]);
  return { headings: ["goal", "bound:", "measured:", "result"], rows };
}
