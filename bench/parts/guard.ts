import { costs as costsOf, longHeld, type Cost, type Costs } from "../guard.js";
import type { Part } from "../part.js";
import { percentile, spreadOf } from "../statistics.js";
import type { Table } from "../table.js";
import { ratio, sized, timed } from "../units.js";

// A guard's start and memory vary little, and each takes 4 s to look at.
const MOST = 8;

export const guard: Part = {
  name: "guard",
  async measure({ etcd, runs, progress }) {
    const old = await longHeld(etcd);
    try {
      const count = Math.min(runs, MOST);
      const found = await costsOf(etcd, count, progress);
      return { note: `${count} guards`, tables: [guardTable(found, old.cost())], goals: [], charts: [] };
    } finally {
      await old.end();
    }
  },
};

/** The guard, a bare Node, and how they compare. @param old a guard that has held for long. */
export function guardTable({ guards, alone, bares }: Costs, old: Cost): Table {
  const ready = (costs: readonly Cost[]) => costs.map((cost) => cost.ready);
  const compared = [
    ratio(percentile(alone, 50), percentile(ready(bares), 50)),
    "",
    ...(["private", "resident"] as const).map((field) => ratio(middle(guards, field), middle(bares, field))),
  ];
  return {
    headings: ["process", "ready, p50:", "longest:", "private memory, p50:", "resident, p50:"],
    rows: [
      ["guard", ...times(alone), ...memory(guards)],
      ["bare Node", ...times(ready(bares)), ...memory(bares)],
      ["ratio of p50", ...compared],
      ["guard, as its while-leader sees it", ...times(ready(guards)), "", ""],
      ["guard at the end of this run", "", "", ...memory([old])],
    ],
  };
}

function times(ready: readonly number[]): string[] {
  const { p50, max } = spreadOf(ready);
  return [timed(p50), timed(max)];
}

function memory(costs: readonly Cost[]): string[] {
  return [sized(middle(costs, "private")), sized(middle(costs, "resident"))];
}

function middle(costs: readonly Cost[], field: keyof Cost): number {
  return percentile(
    costs.map((cost) => cost[field]),
    50,
  );
}
