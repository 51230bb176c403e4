import type { Bar } from "./chart.js";
import { spreadOf } from "./statistics.js";
import type { Table } from "./table.js";
import type { Series } from "./turns.js";
import { ratio, timed } from "./units.js";

const MISSING = "not installed";

/** A line for each: median, 99th percentile, and how the median compares to that of the yardstick. */
export function comparison(what: string, all: readonly Series[], yardstick: string): Table {
  const one = all.find(({ name, values }) => name === yardstick && values.length > 0);
  const unit = one && spreadOf(one.values).p50;
  const rows = all.map(({ name, values }) => {
    if (values.length === 0) return [name, MISSING];
    const { p50, p99 } = spreadOf(values);
    return [name, timed(p50), timed(p99), ...(unit === undefined ? [] : [ratio(p50, unit)])];
  });
  return { headings: [what, "p50:", "p99:", `to ${yardstick}:`], rows };
}

/** The same as bars to the medians, with lines to the 99th percentiles. Whoever is missing has none. */
export function barsOf(all: readonly Series[]): Bar[] {
  return all
    .filter(({ values }) => values.length > 0)
    .map(({ name, values }) => {
      const { p50, p99 } = spreadOf(values);
      return { label: name, value: p50, reach: p99, ours: name.startsWith("while-leader") };
    });
}

/** The values of one that is there. @throws if it is not. */
export function valuesOf(all: readonly Series[], name: string): readonly number[] {
  const values = all.find((each) => each.name === name)?.values ?? [];
  if (values.length === 0) throw new Error(`nothing was measured of ${name}`);
  return values;
}
