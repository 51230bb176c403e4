import { readFileSync, writeFileSync } from "node:fs";
import { projectPath } from "../test/helpers/paths.js";
import type { Series } from "./schedule.js";
import { spreadOf } from "./statistics.js";
import type { Table } from "./table.js";
import { ratio, timed } from "./units.js";

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

const PAGE = projectPath("bench/README.md");
const BEGIN = "<!-- results: written by `npm run bench -- --write` -->";
const END = "<!-- end of results -->";

/** Puts results into bench/README.md in place of those that are there. */
export function writeResults(results: string): void {
  const page = readFileSync(PAGE, "utf8");
  const [before, rest] = page.split(`${BEGIN}\n`);
  const after = rest?.split(`${END}\n`)[1];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no place for results`);
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${results.trim()}\n\n${END}\n${after}`);
}
