/** Several measurements of one thing. Infinity is one too: what was waited for in vain. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return {
    count: values.length,
    p50: percentile(values, 50),
    p99: percentile(values, 99),
    max: percentile(values, 100),
  };
}

/**
 * The smallest of the values that `percent` of them do not exceed (nearest rank): always one that was measured, and of
 * fewer than a hundred the 99th is the worst.
 *
 * @throws RangeError without values.
 */
export function percentile(values: readonly number[], percent: number): number {
  const rank = Math.max(1, Math.ceil((percent / 100) * values.length));
  const value = values.toSorted((a, b) => a - b)[rank - 1];
  if (value === undefined) throw new RangeError("a percentile of nothing");
  return value;
}
