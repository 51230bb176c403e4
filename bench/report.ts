import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { projectPath } from "../test/helpers/paths.js";
import { drawn } from "./chart.js";
import { goalTable, type Findings } from "./part.js";
import { svg } from "./svg.js";
import { markdown, plain } from "./table.js";

/** What was found, for a terminal. */
export function shown({ note, tables, goals, charts }: Findings): string {
  return [note, ...[...tables, ...judged(goals)].map(plain), ...charts.map(drawn)].join("\n\n");
}

/** The same for a page, with the charts as a picture. @param machine what it was found on. */
export function written(part: string, machine: string, { note, tables, goals, charts }: Findings): string {
  const picture =
    charts.length === 0 ? [] : [`![${charts.map(({ title }) => title).join("; ")}](${picturePath(part)})`];
  return [`${machine}; ${note}.`, ...[...tables, ...judged(goals)].map(markdown), ...picture].join("\n\n");
}

function judged(goals: Findings["goals"]) {
  return goals.length === 0 ? [] : [goalTable(goals)];
}

const PAGE = projectPath("bench/README.md");

function picturePath(part: string): string {
  return `results/${part}.svg`;
}

/** Puts what was found into bench/README.md, and its picture beside it, in place of what that part found before. */
export function writeResults(part: string, machine: string, findings: Findings): void {
  writeFileSync(PAGE, resultsIn(readFileSync(PAGE, "utf8"), part, written(part, machine, findings)));
  if (findings.charts.length === 0) return;
  mkdirSync(projectPath("bench/results"), { recursive: true });
  writeFileSync(projectPath(`bench/${picturePath(part)}`), svg(findings.charts));
}

/** A page with these results between the two marks of their part. @throws if it has none. */
export function resultsIn(page: string, part: string, results: string): string {
  const [first, last] = [`<!-- results of ${part} -->\n`, `<!-- end of ${part} -->\n`];
  const [begin, end] = [page.indexOf(first), page.indexOf(last)];
  if (begin === -1 || end < begin) throw new Error(`there is no place for the results of ${part} in bench/README.md`);
  return `${page.slice(0, begin)}${first}\n${results.trim()}\n\n${page.slice(end)}`;
}
