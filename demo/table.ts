import type { HandOver } from "./hand-over.js";
import { FAULT, type Look } from "./look.js";

const HEADINGS = ["", "fault", "hand-over", "took"] as const;

/** Which fault handed the workload over from whom to whom, and how long that took. */
export function table(handOvers: readonly HandOver[], { paint, glyphs }: Look): string[] {
  const rows = handOvers.map((done) => [
    done.letter,
    done.fault,
    `${done.from.name} ${glyphs.arrow} ${done.to.name}`,
    `${Math.round(done.took)} ms`,
  ]);
  const width = (column: number): number => Math.max(...[HEADINGS, ...rows].map((row) => row[column]?.length ?? 0));
  const cells = ([, what = "", change = "", took = ""]: readonly string[]): string =>
    `${what.padEnd(width(1))}  ${change.padEnd(width(2))}  ${took.padStart(width(3))}`;
  return [
    `     ${paint(cells(HEADINGS), "dim")}`,
    ...rows.map((row) => `  ${paint(row[0] ?? "", ...FAULT)}  ${cells(row)}`),
  ];
}
