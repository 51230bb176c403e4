/** What was measured of one of several that are compared; no values if it is not to be had here. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

export interface Turns<T> {
  readonly rounds: number;
  /** Undefined for one that is not to be had here. */
  readonly measure: (one: T) => Promise<number | undefined>;
  readonly progress?: ((done: number, all: number) => void) | undefined;
}

/**
 * Measures each again and again, one at a time and in turns, so that whatever else the machine does befalls all of them
 * alike. Each round begins with another one: nobody comes always after the same neighbour.
 */
export async function inTurns<T extends { readonly name: string }>(
  all: readonly T[],
  { rounds, measure, progress }: Turns<T>,
): Promise<Series[]> {
  const series = all.map((one) => ({ one, name: one.name, values: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { one, values } of rotated(series, round)) {
      const value = await measure(one);
      if (value !== undefined) values.push(value);
    }
    progress?.(round + 1, rounds);
  }
  return series.map(({ name, values }) => ({ name, values }));
}

/** The same in the same order, beginning somewhere else. */
export function rotated<T>(all: readonly T[], by: number): T[] {
  const first = all.length === 0 ? 0 : by % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}
