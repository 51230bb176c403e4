import { readFileSync, writeFileSync } from "node:fs";
import { projectPath } from "../test/helpers/paths.js";
import type { Cost, Costs } from "./guard.js";
import type { Series } from "./schedule.js";
import { percentile, spreadOf } from "./statistics.js";
import type { Table } from "./table.js";
import { ratio, sized, timed } from "./units.js";

/** A line for each fault: the first contestant, then the second one, then how their medians compare. */
export function handOverTable(all: readonly Series[]): Table {
  const faults = [...new Set(all.map(({ fault }) => fault))];
  const names = [...new Set(all.map(({ contestant }) => contestant.name))];
  const rows = faults.map((fault) => {
    const series = all.filter((each) => each.fault === fault);
    const [ours, peers] = series.map(({ outcomes }) => spreadOf(outcomes.map(({ took }) => took)).p50);
    const compared = ours === undefined || peers === undefined ? [] : [ratio(peers, ours)];
    return [[fault.name], ...series.map(cells), compared].flat();
  });
  const compared = names.length === 2 ? ["ratio of p50:"] : [];
  const headings = names.flatMap((name) => [`${name}, p50:`, "p99:", "two at once:"]);
  return { headings: ["fault", ...headings, ...compared], rows };
}

function cells({ outcomes }: Series): string[] {
  const { p50, p99, count } = spreadOf(outcomes.map(({ took }) => took));
  const twice = outcomes.filter(({ alive, overlaps }) => alive > 1 || overlaps > 0).length;
  return [timed(p50), timed(p99), `${twice} of ${count}`];
}

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

const PAGE = projectPath("bench/README.md");
const [BEGIN, END] = ["<!-- results -->\n", "<!-- end of results -->\n"];

/** Puts results into bench/README.md in place of those that are there. */
export function writeResults(results: string): void {
  writeFileSync(PAGE, resultsIn(readFileSync(PAGE, "utf8"), results));
}

/** A page with these results between its two marks. @throws if it has none. */
export function resultsIn(page: string, results: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error("there is no place for results in bench/README.md");
  return `${page.slice(0, begin)}${BEGIN}\n${results.trim()}\n\n${page.slice(end)}`;
}
